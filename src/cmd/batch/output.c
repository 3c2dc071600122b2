/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/output.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int output_add(Output *output, const char *text) {
        size_t n = strlen(text);
        char *bytes = realloc(output->bytes, output->size + n);

        if (!bytes)
                return -ENOMEM;
        memcpy(bytes + output->size, text, n);
        output->bytes = bytes;
        output->size += n;
        return 0;
}

bool output_is_empty(const Output *output) {
        return output->size == 0;
}

bool output_is_full(const Output *output) {
        enum { FULL = 64 * 1024 };

        return output->size - output->written >= FULL;
}

int output_write(Output *output, int fd) {
        size_t left = output->size - output->written;
        /* A pipe that is ready has room for PIPE_BUF bytes: pipe(7). */
        ssize_t n = write(fd, output->bytes + output->written, left < PIPE_BUF ? left : PIPE_BUF);

        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 0 : -errno;
        output->written += (size_t) n;
        if (output->written == output->size)
                output_deinit(output);
        return 0;
}

void output_deinit(Output *output) {
        free(output->bytes);
        *output = (Output) {};
}
