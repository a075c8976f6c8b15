// Runs in the window: notes how long it takes from each key's event until the ghost text that follows it is painted.
//
// What was typed along a suggestion leaves its rest; all else that is drawn after a key is a new suggestion. A key after
// which nothing is drawn in time has no figure.

() => {
  const GHOST = '.monaco-editor.focused .view-lines [class*="ghost-text-decoration"]';
  const drawn = () => [...document.querySelectorAll(GHOST)].map((each) => each.textContent).join("");
  const painted = new MessageChannel(); // a task after the frame in which something changed, so after it is painted
  let noted = { along: [], searched: [] };
  let waiting; // for what follows the last key
  let isOn = false;

  painted.port1.onmessage = ({ data: { kind, since } }) => noted[kind].push(performance.now() - since);
  window.addEventListener(
    "keydown",
    (event) => {
      if (isOn && (event.key.length === 1 || event.key === "Enter")) {
        waiting = { since: event.timeStamp, before: drawn(), key: event.key };
      }
    },
    true,
  );
  new MutationObserver(() => {
    if (!waiting) return;
    const now = drawn();
    if (!now) waiting.gone = true;
    if (!now || (now === waiting.before && !waiting.gone)) return;
    const { since, before, key } = waiting;
    waiting = undefined;
    const space = before.replaceAll("\u00a0", " ");
    const isRest = space.startsWith(key) && now.replaceAll("\u00a0", " ").startsWith(space.slice(1));
    painted.port2.postMessage({ kind: isRest ? "along" : "searched", since });
  }).observe(document.body, { subtree: true, childList: true, characterData: true });

  window.probe = {
    isWaiting: () => waiting !== undefined,
    begin: () => {
      isOn = true;
    },
    end: () => {
      [isOn, waiting] = [false, undefined];
    },
    take: () => {
      const taken = noted;
      noted = { along: [], searched: [] };
      return taken;
    },
  };
};
