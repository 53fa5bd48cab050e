/** Texts to start from. Each has records on which its rules answer differently. */
export interface Example {
  name: string;
  scheme: "packets" | "http" | "cloudflare";
  text: string;
  records: string;
}

export const EXAMPLES: Example[] = [
  {
    name: "Ports and networks",
    scheme: "packets",
    text: `# What comes from outside to the web servers.
rule web = (tcp.dstport == 80 or tcp.dstport == 443) and ip.dst in {192.0.2.0/24}
rule from_inside = ip.src in {10.0.0.0/8 192.168.0.0/16}
rule odd_port = 1000 / (tcp.dstport - 80) > 1
`,
    records: `[
  {"tcp.dstport": 443, "ip.src": ["10.1.2.3"], "ip.dst": ["192.0.2.7"]},
  {"tcp.dstport": 80, "ip.src": ["203.0.113.5"], "ip.dst": ["192.0.2.7"]},
  {"udp.dstport": 53, "ip.src": ["192.168.0.4"]}
]`,
  },
  {
    name: "Requests",
    scheme: "http",
    text: `rule admin = http.request.method == "POST" and starts_with(lower(http.request.uri.path), "/admin")
rule scanner = lower(http.user_agent) matches "(sqlmap|nikto|nmap)" or http.user_agent == ""
rule long_query = len(http.request.uri.query) > 20
`,
    records: `[
  {"http.request.method": "POST", "http.request.uri.path": "/Admin/users", "http.user_agent": "curl/8.5"},
  {"http.request.method": "GET", "http.request.uri.path": "/", "http.request.uri.query": "q=1%27%20OR%20%271%27=%271", "http.user_agent": "sqlmap/1.8"}
]`,
  },
  {
    name: "A script",
    scheme: "packets",
    text: `# Bytes of the payload, weighed by where they stand.
fn weight(payload: Bytes) -> Int {
    let sum = 0
    let place = 1
    for b in payload {
        sum += b * place
        place += 1
    }
    return sum
}

rule heavy = weight(tcp.payload) % 7 == 3
rule short = len(tcp.payload) < 4
`,
    records: `[
  {"tcp.payload": "abc"},
  {"tcp.payload": "hello"},
  {}
]`,
  },
  {
    name: "What passes do",
    scheme: "packets",
    text: `not (tcp.dstport != 80 and tcp.dstport != 443) and (frame.len > 2 + 98 and frame.len < 1000)
`,
    records: `[
  {"tcp.dstport": 443, "frame.len": 500},
  {"tcp.dstport": 443, "frame.len": 99}
]`,
  },
];
