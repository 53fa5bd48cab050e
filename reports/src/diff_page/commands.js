// Commands that compare and measure what is shown.

const quoted = (text) => (/^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const file = (which) => document.querySelector(`.path[data-which="${which}"]`);
const distinct = (shown, name) => [...new Set(shown.map((row) => row.dataset[name]))];

const drawCommands = (shown) => {
  const flags = (flag, names) => names.map((name) => ` --${flag} ${quoted(name)}`).join("");
  const some = (name) => (state[name].size ? distinct(shown, name) : []);
  const workloads = distinct(shown, "workload");
  byId("again").hidden = !shown.length;
  byId("diff-command").textContent =
    `quintet diff ${quoted(file("old").textContent)} ${quoted(file("new").textContent)}` + flags("workload", some("workload")) + flags("phase", some("phase"));
  // Rules of the user's own come by flags that are in the file's own command, not by a workload's name.
  byId("measure-again").hidden = ["old", "new"].some((which) => "own" in file(which).dataset);
  const backends = shown.filter((row) => row.dataset.kind === "backend").map((row) => row.dataset.row);
  const ids = [...new Set(backends.map((id) => id.replace(/\/no-passes$/, "")))];
  const bare = backends.filter((id) => id.endsWith("/no-passes")).length;
  const passes = bare === 0 ? "" : bare === backends.length ? " --passes off" : " --passes both";
  const peers = shown.some((row) => row.dataset.kind !== "backend") ? " --peers on" : " --peers off";
  byId("compare-command").textContent = "quintet compare" + flags("workload", workloads) + flags("backend", ids) + passes + peers + " --out again";
};
