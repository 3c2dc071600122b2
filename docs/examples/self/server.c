/* A small web server that isolates itself: ./server [PORT]. It serves the files of /srv/www, and looks at no "..": the
 * sandbox has no other files. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <isorun/isorun.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

ISORUN_POLICY_FILE("server.conf")

static void answer(int client) {
        char request[4096] = "", path[4096] = "";
        ssize_t n = read(client, request, sizeof(request) - 1);
        int file = n > 0 && sscanf(request, "GET %4095s", path) == 1 && chdir("/srv/www") == 0
                           ? open(path + strspn(path, "/"), O_RDONLY)
                           : -1;

        dprintf(client, "HTTP/1.0 %s\r\nConnection: close\r\n\r\n", file < 0 ? "404 Not Found" : "200 OK");
        while (file >= 0 && sendfile(client, file, NULL, 1 << 20) > 0)
                ;
        if (file >= 0)
                close(file);
}

static int serve(int port) {
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((in_port_t) port) };
        int server = socket(AF_INET, SOCK_STREAM, 0), client;

        setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &(int) { 1 }, sizeof(int));
        if (bind(server, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(server, 16) < 0) {
                perror("cannot listen");
                return 1;
        }
        while ((client = accept(server, NULL, NULL)) >= 0) {
                answer(client);
                close(client);
        }
        return 1;
}

int main(int argc, char *argv[]) {
        if (isorun_isolate(argc, argv, 0, isorun_log_to_stderr, NULL) < 0)
                return 125;
        signal(SIGPIPE, SIG_IGN);
        return serve(argc > 1 ? atoi(argv[1]) : 8080);
}
