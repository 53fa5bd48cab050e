#!/usr/bin/env python3
"""The dynamic half of the sample web site: a small HTTP/1.1 application.

usage: app.py UNIX_SOCKET PORT

It listens on a Unix socket (nginx passes some paths to it there, so that those
requests are seen once only on the loopback interface) and on a TCP port.
Answers are short, made up, and depend only on the request.
"""
import hashlib
import json
import os
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def log_message(self, *args):
        pass

    def address_string(self):
        return "-"

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                parts.append(self.rfile.read(size))
                self.rfile.readline()
                if size == 0:
                    return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, body=b"", kind="application/json", extra=()):
        if isinstance(body, (dict, list)):
            body = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        if status not in (204, 304):
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        for name, value in extra:
            self.send_header(name, value)
        # One write for head and body, so that it is one segment.
        self._headers_buffer.append(b"\r\n")
        if self.command != "HEAD" and status not in (204, 304):
            self._headers_buffer.append(body)
        self.flush_headers()

    def handle_any(self):
        try:
            body = self.read_body()
        except ValueError:
            self.close_connection = True
            return self.answer(400, {"error": "bad body"})
        path = self.path.split("?")[0]
        tag = hashlib.sha256(self.path.encode("utf-8", "replace") + body).hexdigest()[:12]
        if self.command not in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            return self.answer(405, {"error": "method"})
        if self.command == "OPTIONS":
            return self.answer(204, extra=[
                ("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
                ("Access-Control-Allow-Origin", self.headers.get("Origin", "*")),
                ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")])
        if path == "/healthz":
            return self.answer(200, b"ok\n", "text/plain")
        if path == "/login" and self.command == "POST":
            return self.answer(302, extra=[("Location", "/account"),
                                           ("Set-Cookie", f"sid={tag}; Path=/; HttpOnly; SameSite=Lax")])
        if path.startswith("/admin") or path == "/manager/html":
            if not self.headers.get("Authorization", "").startswith("Basic b3BzOn"):
                return self.answer(401, {"error": "who"}, extra=[("WWW-Authenticate", 'Basic realm="admin"')])
            return self.answer(200, {"admin": True, "tag": tag})
        if path.startswith("/api/v1/users/me") and "Authorization" not in self.headers:
            return self.answer(401, {"error": "token"}, extra=[("WWW-Authenticate", "Bearer")])
        if path.startswith("/cart"):
            return self.answer(200, {"cart": tag, "n": len(tag) % 5},
                               extra=[("Set-Cookie", f"cart={tag}; Path=/; Max-Age=86400")])
        if path.startswith(("/api/", "/graphql", "/search", "/comment", "/upload", "/account",
                            "/login", "/profile", "/products", "/fetch", "/download", "/collect",
                            "/tools/", "/hooks/", "/checkout", "/password/")):
            if self.command == "DELETE":
                return self.answer(204)
            status = 201 if self.command == "POST" else 200
            return self.answer(status, {"ok": True, "path": path[:40], "len": len(body), "tag": tag})
        return self.answer(404, {"error": "not found"})

    def __getattr__(self, name):
        # Every method, known or not, comes to the one function.
        if name.startswith("do_"):
            return self.handle_any
        raise AttributeError(name)


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self):
        request, _ = super().get_request()
        return request, ("local", 0)


class TcpServer(ThreadingHTTPServer):
    request_queue_size = 64

    def server_bind(self):
        # The base class looks its own name up; not wanted here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "app", self.server_address[1]


if __name__ == "__main__":
    unix_path, port = sys.argv[1], int(sys.argv[2])
    unix = UnixServer(unix_path, Handler)
    os.chmod(unix_path, 0o666)
    threading.Thread(target=unix.serve_forever, daemon=True).start()
    TcpServer(("0.0.0.0", port), Handler).serve_forever()
