/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sandbox/inside/keep-answers.h"

#include <errno.h>
#include <sys/mman.h>

#include "sandbox/inside/answer.h"
#include "sandbox/wire/kept-answers.h"
#include "util/fd.h"
#include "util/strv.h"

int keep_answers_open(void) {
        int fd = memfd_create(KEPT_ANSWERS_NAME, MFD_CLOEXEC | MFD_ALLOW_SEALING);

        return fd < 0 ? -errno : fd;
}

static int write_mounts(int mounts, FILE *f) {
        _cleanup_free_ char *text = NULL;
        int r = mounts < 0 ? 0 : fd_read_all(mounts, &text, NULL);

        if (r >= 0)
                (void) fputs(text ?: "", f);
        return r;
}

static int write_all(const Payload *payload, int mounts, FILE *f) {
        int r = 0;

        (void) fwrite(&control_header, sizeof(control_header), 1, f);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(kept_answers); i++) {
                r = kept_answers[i] == KEPT_MOUNTS ? write_mounts(mounts, f)
                                                   : answer_writer(kept_answers[i])(payload, f);
                (void) fputc('\0', f);
        }
        return r < 0 ? r : fflush(f) != 0 || ferror(f) ? -EIO : 0;
}

void keep_answers(const Payload *payload, int fd, int mounts) {
        FILE *f;

        if (fork() != 0)
                return;
        f = fdopen(fd, "w");
        if (!f || write_all(payload, mounts, f) < 0 || fcntl(fd, F_ADD_SEALS, KEPT_ANSWERS_SEALS) < 0)
                _exit(PLAN_FAILED);
        _exit(0);
}
