/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/batch/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int input_init(Input *input, int fd) {
        *input = (Input) { .fd = fd, .buffer = malloc(INPUT_LINE_MAX) };
        return input->buffer ? 0 : -ENOMEM;
}

void input_deinit(Input *input) {
        free(input->buffer);
        *input = (Input) { .fd = -1 };
}

int input_read(Input *input) {
        ssize_t n;

        memmove(input->buffer, input->buffer + input->taken, input->size - input->taken);
        input->size -= input->taken;
        input->taken = 0;
        n = read(input->fd, input->buffer + input->size, INPUT_LINE_MAX - input->size);
        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 0 : -errno;
        input->ended = n == 0;
        input->size += (size_t) n;
        return 0;
}

static bool is_blank(const char *text, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (!memchr(" \t\r", text[i], 3))
                        return false;
        return true;
}

/* Takes the bytes of a line, or of a part of one that is too long. Returns as input_next(), and -EAGAIN for a line that
 * does not count. */
static int take(Input *input, size_t size, size_t with_newline, bool whole) {
        const char *text = input->buffer + input->taken;
        bool begins = !input->skipping;

        input->taken += with_newline;
        input->offset += with_newline;
        input->skipping = !whole;
        if (!begins)
                return -EAGAIN;
        input->line++;
        if (!whole)
                return -E2BIG;
        return is_blank(text, size) ? -EAGAIN : 1;
}

int input_next(Input *input, const char **ret, size_t *ret_size) {
        int r = -EAGAIN;

        while (r == -EAGAIN && input->taken < input->size) {
                const char *text = input->buffer + input->taken;
                size_t left = input->size - input->taken;
                const char *newline = memchr(text, '\n', left);

                *ret = text;
                *ret_size = newline ? (size_t) (newline - text) : left;
                if (newline || input->ended || left == INPUT_LINE_MAX)
                        r = take(input, *ret_size, *ret_size + (newline != NULL), newline || input->ended);
                else
                        return 0;
        }
        return r == -EAGAIN ? 0 : r;
}

bool input_is_done(const Input *input) {
        return input->ended && input->taken == input->size;
}
