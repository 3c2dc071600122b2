/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/watch/compose.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "sandbox/watch/looker.h"
#include "util/fd.h"
#include "util/text.h"

enum { STUCK_MAX = 3 }; /* paths that did not answer; the others are not looked up then */

typedef struct Composer {
        const Plan *plan;
        const Record *record;
        const RecordPeaks *peaks;
        RecordProgress *progress;
        int fd;
} Composer;

/* In a child. */
static void write_policy(void *userdata) {
        const Composer *c = userdata;
        _cleanup_free_ char *text = NULL;

        if (record_write(c->plan, c->record, c->peaks, c->progress, &text) >= 0)
                (void) fd_write_all(c->fd, text, strlen(text));
}

static void skip(RecordProgress *p, const Record *record, bool all) {
        const size_t next = p->next;

        p->skip[next] = true;
        for (size_t i = next; all && i < record_n_uses(record); i++)
                p->skip[i] = true;
}

void compose(const Plan *plan, const Record *record, const RecordPeaks *peaks, int fd, int socket) {
        RecordProgress *progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        Composer c = { plan, record, peaks, progress, fd };

        if (progress == MAP_FAILED)
                return;
        for (unsigned n = 0; n <= STUCK_MAX && !look_in_child(plan, &progress->next, write_policy, &c); n++) {
                const char *key = record_use(record, progress->next)->key;
                _cleanup_free_ char *line = format("%s: the host does not answer what it is, so it is not in the "
                                                   "policy", key);

                if (line)
                        (void) send(socket, line, strnlen(line, REPORT_LINE_MAX - 1) + 1, MSG_NOSIGNAL);
                skip(progress, record, n + 1 == STUCK_MAX);
        }
        munmap(progress, sizeof(*progress));
}
