/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* isoctl and an instance, with a peer that may have another version, or be broken or hostile. */
#include "helper.h"

#include <errno.h>
#include <sys/socket.h>

#include "cmd/instance/client.h"
#include "cmd/instance/flows.h"
#include "plan/plan.h"
#include "sandbox/wire/packet.h"
#include "util/fd.h"
#include "util/strv.h"

typedef struct Packet {
        ControlHeader header;
        union {
                ControlReply reply;
                ControlRequest request;
                char bytes[2 * CONTROL_REPLY_ROOM];
        };
} Packet;

#define WITH_REPLY (sizeof(ControlHeader) + sizeof(ControlReply))
#define WITH_REQUEST (sizeof(ControlHeader) + sizeof(ControlRequest))

/* Returns a socket from which size bytes of the packet can be read, and then the end. */
static int send_packet(const Packet *p, size_t size) {
        struct iovec part = { .iov_base = (void *) p, .iov_len = size };
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
        if (size)
                assert_int_equal(packet_send(fds[0], &part, 1, NULL, 0, 0), 0);
        close(fds[0]);
        return fds[1];
}

static void expect_reply(const char *what, const Packet *p, size_t size, int result, const char *error) {
        int socket = send_packet(p, size), fd;
        ControlReply reply;
        Log log;

        log_init(&log);
        expect_result(what, client_receive(socket, "web", &reply, &fd, 1, &log.report), result);
        expect_text(what, log_text(&log), error);
        if (result > 0) {
                expect_number(what, (uint64_t) reply.type, (uint64_t) p->reply.type);
                assert_non_null(memchr(reply.text, '\0', sizeof(reply.text)));
        }
        log_deinit(&log);
        close(socket);
}

#define NOT_UNDERSTOOD "error: isoctl " ISORUN_VERSION " cannot understand the answer of web: a different version of " \
                       "isorun may have started it\n"

static void test_replies(_unused_ void **state) {
        const struct {
                const char *what;
                ControlReply reply;
                int result;
        } cases[] = {
                { "started", { .type = CONTROL_STARTED }, 1 },
                { "failed", { .type = CONTROL_FAILED, .value = ENOENT, .status = PLAN_NOT_FOUND, .text = "no" }, 1 },
                { "exited", { .type = CONTROL_EXITED, .value = 3 << 8 }, 1 },
                { "a request", { .type = CONTROL_ENTER }, -EPROTO },
                { "an unknown type", { .type = CONTROL_EXITED + 1 }, -EPROTO },
                { "a negative type", { .type = -1 }, -EPROTO },
                { "a failure that is none", { .type = CONTROL_FAILED, .status = 0 }, -EPROTO },
                { "a status far out", { .type = CONTROL_FAILED, .status = 1000 }, -EPROTO },
                { "no wait status", { .type = CONTROL_EXITED, .value = 0x137f }, -EPROTO },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Packet p = { .header = control_header, .reply = cases[i].reply };

                expect_reply(cases[i].what, &p, WITH_REPLY, cases[i].result, cases[i].result < 0 ? NOT_UNDERSTOOD : "");
        }
}

static void test_reply_packets(_unused_ void **state) {
        Packet p = { .header = control_header, .reply = { .type = CONTROL_STARTED } };

        expect_reply("nothing", &p, 0, 0, "");
        expect_reply("one byte", &p, 1, -EPROTO, NOT_UNDERSTOOD);
        expect_reply("the header alone", &p, sizeof(p.header), -EPROTO, NOT_UNDERSTOOD);
        expect_reply("a byte less", &p, WITH_REPLY - 1, -EPROTO, NOT_UNDERSTOOD);
        expect_reply("a byte more", &p, WITH_REPLY + 1, -EPROTO, NOT_UNDERSTOOD);
        expect_reply("much more", &p, sizeof(p), -EMSGSIZE, "error: web: Message too long\n");
        memset(p.reply.text, 'x', sizeof(p.reply.text));
        expect_reply("a text without an end", &p, WITH_REPLY, 1, "");
        p.header.magic[7] = 'x';
        expect_reply("another protocol", &p, WITH_REPLY, -EPROTO, NOT_UNDERSTOOD);
}

static void test_other_version(_unused_ void **state) {
        Packet p = { .header = control_header };
        char expected[512];

        p.header.version = UINT32_MAX;
        memset(p.header.program, '9', sizeof(p.header.program));
        snprintf(expected, sizeof(expected), "error: web was started by isorun %.19s (control protocol 4294967295), but this is "
                 "isoctl %s (protocol %u): use isoctl %.19s for it, or restart the instance\n", "99999999999999999999",
                 ISORUN_VERSION, control_header.version, "99999999999999999999");
        /* A reply of another version may have any size. */
        expect_reply("small", &p, sizeof(p.header), -EPROTONOSUPPORT, expected);
        expect_reply("large", &p, CONTROL_REPLY_ROOM, -EPROTONOSUPPORT, expected);
}

static void expect_request(const char *what, const Packet *p, size_t size, int result, const char *strings) {
        _cleanup_strv_free_ char **got = NULL;
        int socket = send_packet(p, size), fds[3];
        ControlRequest request = {};
        ControlHeader header;

        expect_result(what, control_receive_request(socket, &header, &request, &got, fds, ELEMENTSOF(fds)), result);
        if (result > 0) {
                _cleanup_free_ char *joined = strv_join(got, ",");

                expect_text(what, joined, strings);
        }
        close(socket);
}

static void test_requests(_unused_ void **state) {
        Packet p = { .header = control_header, .request = { .type = CONTROL_ENTER, .n_strings = 2 } };
        char *strings = p.bytes + sizeof(ControlRequest);

        memcpy(strings, "vt52\0ls", 8);
        expect_request("two strings", &p, WITH_REQUEST + 8, 1, "vt52,ls");
        expect_request("the last without an end", &p, WITH_REQUEST + 7, -EPROTO, NULL);
        expect_request("something behind them", &p, WITH_REQUEST + 9, -EPROTO, NULL);
        expect_request("none", &p, WITH_REQUEST, -EPROTO, NULL);
        expect_request("less than a request", &p, WITH_REQUEST - 1, -EPROTO, NULL);
        expect_request("less than a header", &p, sizeof(p.header) - 1, -EPROTO, NULL);
        p.request.n_strings = UINT32_MAX;
        expect_request("fewer than it says", &p, WITH_REQUEST + 8, -EPROTO, NULL);
        p.request.n_strings = 1;
        expect_request("more than it says", &p, WITH_REQUEST + 8, -EPROTO, NULL);
        p.header.version++;
        expect_request("another version", &p, sizeof(p.header), -EPROTONOSUPPORT, NULL);
}

static void test_signals(_unused_ void **state) {
        static const struct {
                ControlRequest request;
                int result;
        } cases[] = {
                { { .type = CONTROL_SIGNAL, .value = 15 }, 1 },       { { .type = CONTROL_SIGNAL, .value = 0 }, -EPROTO },
                { { .type = CONTROL_SIGNAL, .value = 65 }, -EPROTO }, { { .type = CONTROL_SIGNAL, .value = -9 }, -EPROTO },
                { { .type = CONTROL_ENTER, .value = 15 }, -EPROTO },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Packet p = { .header = control_header, .request = cases[i].request };
                int socket = send_packet(&p, WITH_REQUEST), sig = 0;

                assert_int_equal(control_receive_signal(socket, &sig), cases[i].result);
                assert_int_equal(sig, cases[i].result > 0 ? 15 : 0);
                close(socket);
        }
}

static void expect_answer(const char *text, int result, size_t n) {
        _cleanup_(flows_deinit) Flows flows = {};

        expect_result(text, flows_parse(strdup(text), &flows), result);
        if (result >= 0)
                expect_number(text, flows.n, n);
}

/* The process that carries connections may be in the hands of the payload. */
static void test_flow_answers(_unused_ void **state) {
#define SUM "sum\t1\t2\t3\t4\n"
        static const char *const wrong[] = {
                "", "\n", "end", "end\n\n", "end\tx\n", SUM, SUM "end\n" SUM, "sum\t1\t2\t3\nend\n",
                "sum\t1\t2\t3\t-4\nend\n", "sum\t1\t2\t3\t4\t5\nend\n", "other\nend\n", "\tflow\nend\n",
                "flow\tout\ttcp\topen\t1\t2\t3\ta:1\nend\n", "flow\tout\ttcp\topen\t1\t2\t3\ta:1\t-\tx\nend\n",
                "flow\tup\ttcp\topen\t1\t2\t3\ta:1\t-\nend\n", "flow\tout\tip\topen\t1\t2\t3\ta:1\t-\nend\n",
                "flow\tout\ttcp\t\033[2J\t1\t2\t3\ta:1\t-\nend\n", "flow\tout\ttcp\topen\t1\tx\t3\ta:1\t-\nend\n",
                "flow\tout\ttcp\topen\t1\t2\t99999999999999999999\ta:1\t-\nend\n",
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                expect_answer(wrong[i], -EPROTO, 0);
        expect_answer(SUM "end\n", 0, 0);
        expect_answer("flow\tout\tudp\tresolving\t1\t2\t3\ta:1/udp\t-\nflow\tin\ttcp\thalf-closed\t1\t2\t3\t\t\033\n" SUM
                      "end\n", 0, 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_replies),       cmocka_unit_test(test_reply_packets),
                cmocka_unit_test(test_other_version), cmocka_unit_test(test_requests),
                cmocka_unit_test(test_signals),      cmocka_unit_test(test_flow_answers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
