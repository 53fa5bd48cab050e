export default { worker: { format: "es" }, optimizeDeps: { exclude: ["quintet-rules"] } };
