// Fails unless both are the same, as JSON.

export const same = (found, want) => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(want)];
  if (a !== b) throw new Error(`wanted ${b}\nfound  ${a}`);
};
