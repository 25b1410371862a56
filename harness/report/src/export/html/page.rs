//! The frame around every page: head, policy of what may load, bar, keys, foot. Knows nothing of what a page is about.

use super::markup::Markup;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What a page may load and run: its own style and script, by their digests, and nothing else. A test recomputes
/// them.
const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
    style-src 'sha256-SoCwEVNoVKeysq1FTmdSGAYBLqlJZRm2+f4KO7qKxm0='; \
    script-src 'sha256-svXkncFta7xE7ipXAFsbQui95oXSBCOQNch6raD+zDw='; \
    base-uri 'none'; form-action 'none'\">\n";

/// A link of the bar: the id of a section and its name.
pub(super) type Section = (&'static str, &'static str);

/// Which of a run's two books a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Book {
    /// What is the same on every host.
    Report,
    /// What this host measured.
    Host,
    /// Neither: a page of no one run.
    Alone,
}

/// What the frame of a page needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// The page's title.
    pub(super) title: &'a str,
    /// Which book it belongs to.
    pub(super) book: Book,
    /// The way to the run's folder: nothing, or `../` once for each folder between.
    pub(super) up: &'static str,
    /// What the bar leads to on this page.
    pub(super) sections: &'a [Section],
    /// The last line of the page.
    pub(super) foot: &'a str,
}

/// A whole page around `body`.
pub(super) fn page(frame: &Frame, body: &Markup) -> Vec<u8> {
    let mut m = Markup::new();
    m.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n").raw(POLICY);
    m.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    m.raw("<meta name=\"referrer\" content=\"no-referrer\">\n<title>").text(frame.title);
    m.raw("</title>\n<style>").raw(STYLE).raw("</style>\n</head>\n<body>\n");
    m.raw("<a class=\"skip\" href=\"#content\">Skip to the report</a>\n");
    bar(&mut m, frame);
    m.raw("<main id=\"content\">\n").put(body).raw("</main>\n<footer>").text(frame.foot);
    m.raw("</footer>\n").raw(KEYS).raw("<script>").raw(SCRIPT).raw("</script>\n</body>\n</html>\n");
    m.into_bytes()
}

fn bar(m: &mut Markup, frame: &Frame) {
    m.raw("<div class=\"bar\"><div>\n<a class=\"brand\" href=\"");
    match frame.book {
        Book::Alone => m.raw("#content\">"),
        _ => m.text(frame.up).raw("report.html\">"),
    };
    m.raw(MARK).raw("Retake</a>\n<nav aria-label=\"Pages and sections\">\n");
    let books = [(Book::Report, "report.html", "Report"), (Book::Host, "host.html", "This host")];
    for (book, file, name) in books.into_iter().filter(|_| frame.book != Book::Alone) {
        m.raw("<a href=\"").text(frame.up).raw(file).raw("\"");
        if book == frame.book {
            m.raw(" aria-current=\"page\"");
        }
        m.raw(">").raw(name).raw("</a>\n");
    }
    for (id, name) in frame.sections {
        m.raw("<a href=\"#").raw(id).raw("\">").raw(name).raw("</a>\n");
    }
    m.raw("</nav>\n<button type=\"button\" class=\"tool script\" data-do=\"keys\" aria-label=\"Keys\">?</button>\n");
    m.raw("<button type=\"button\" class=\"tool script\" data-do=\"theme\" title=\"Switch the theme (t)\">Theme</button>\n");
    m.raw("</div></div>\n");
}

/// A circle that begins again.
const MARK: &str = "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path d=\"M13.2 8a5.2 5.2 0 1 1-1.7-3.9M12 1.2v3.1H8.9\" \
    fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>";

const KEYS: &str = "<dialog id=\"keys\" aria-labelledby=\"keys-title\"><h2 id=\"keys-title\">Keys</h2>\n<dl>\
    <dt><kbd>/</kbd></dt><dd>find trials; <kbd>Esc</kbd> shows all again</dd>\
    <dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next and previous trial or step</dd>\
    <dt><kbd>Enter</kbd></dt><dd>open the marked trial</dd>\
    <dt><kbd>n</kbd> <kbd>p</kbd></dt><dd>next and previous trial, from within one</dd>\
    <dt><kbd>u</kbd></dt><dd>back to the report</dd>\
    <dt><kbd>e</kbd></dt><dd>unfold or fold everything</dd>\
    <dt><kbd>t</kbd></dt><dd>light or dark</dd></dl>\n\
    <button type=\"button\" class=\"tool\" data-do=\"close\">Close</button></dialog>\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> String {
        use base64::Engine;
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        base64::engine::general_purpose::STANDARD.encode(digest)
    }

    #[test]
    fn the_policy_names_the_digests_of_our_own_style_and_script() {
        for (what, text) in [("style", STYLE), ("script", SCRIPT)] {
            let digest = digest(text);
            assert!(
                POLICY.contains(&format!("{what}-src 'sha256-{digest}'")),
                "{what}-src 'sha256-{digest}'"
            );
        }
    }

    #[test]
    fn style_and_script_name_nothing_on_the_net() {
        for text in [STYLE, SCRIPT, KEYS, MARK] {
            for word in ["http:", "https:", "url(", "@import", "fetch(", "XMLHttp", "innerHTML", "</"] {
                let own = word == "</" && (text == KEYS || text == MARK);
                assert!(own || !text.contains(word), "{word}");
            }
        }
    }
}
