# SPDX-License-Identifier: LGPL-2.1-or-later
# Serves a directory on the socket that systemd passes, sd_listen_fds(3). It makes no socket itself.
import functools
import http.server
import socket
import socketserver
import sys


class PassedServer(http.server.ThreadingHTTPServer):
    def __init__(self, fd, handler):
        socketserver.BaseServer.__init__(self, None, handler)
        self.socket = socket.socket(fileno=fd)


handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
PassedServer(3, handler).serve_forever()
