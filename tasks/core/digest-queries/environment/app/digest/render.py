"""Mails as text."""


def render(mail) -> str:
    rows = [f"To: {mail.name} <{mail.to}>", ""]
    for section in mail.sections:
        rows.append(section.project)
        for item in section.items:
            rows.append(f"  #{item.number} {item.title}")
            if item.comment is not None:
                rows.append(f"      {item.author}: {item.comment}")
        rows.append("")
    return "\n".join(rows)
