// Addresses are relative, so that the files work wherever they lie. The package is a folder beside this one: what it imports is looked up here.
export default {
  base: "./",
  build: { target: "es2022", rolldownOptions: { input: ["index.html", "cases.html"] } },
  worker: { format: "es" },
  optimizeDeps: { exclude: ["quintet-rules"] },
  resolve: { dedupe: ["@codemirror/autocomplete", "@codemirror/lint", "@codemirror/state", "@codemirror/view"] },
};
