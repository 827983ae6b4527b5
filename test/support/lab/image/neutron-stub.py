#!/usr/bin/python3
"""Stands in for neutron: Nova asks it for the ports of every server, and there are none."""
import http.server
import json


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        collection = self.path.split("?")[0].rstrip("/").split("/")[-1].split(".")[0].replace("-", "_")
        body = json.dumps({collection: []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("127.0.0.1", 9696), Handler).serve_forever()
