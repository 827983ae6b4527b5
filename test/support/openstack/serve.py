"""Serves one service, on a socket that is open already, until standard input ends. serve.py SERVICE DESCRIPTOR"""

import importlib
import os
import socket
import sys
import threading

from werkzeug.serving import WSGIRequestHandler, make_server

MODULES = {"keystone": "keystone.wsgi.api", "placement": "placement.wsgi.api", "nova": "nova.wsgi.osapi_compute"}


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


def main():
    name, descriptor = sys.argv[1], int(sys.argv[2])
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.argv = [name]
    module = importlib.import_module(MODULES[name])
    application = module.application
    if name == "nova":
        from control import with_control

        application = with_control(application)
    # One request after the other: sqlite knows no more.
    listening = socket.socket(fileno=descriptor)
    host, port = listening.getsockname()[:2]
    server = make_server(host, port, application, threaded=False, request_handler=Quiet, fd=listening.fileno())
    open(os.path.join(os.environ[f"OS_{name.upper()}_CONFIG_DIR"], f"{name}.ready"), "w").close()
    server.serve_forever()


main()
