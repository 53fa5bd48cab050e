import { Scheme, init } from "quintet-rules";
import { Rules, init as initRun } from "quintet-rules/run";

await init();
console.log(new Scheme({ fields: { "tcp.port": "Int" } }).check("tcp.prt == 80")[0].mend.text);
await initRun();
console.log(JSON.stringify(new Rules({ fields: { "tcp.port": "Int" } }, "tcp.port == 80").evaluate([{ "tcp.port": 80 }])));
