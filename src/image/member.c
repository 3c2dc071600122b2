/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/member.h"

#include <errno.h>
#include <stddef.h>

#include "util/macro.h"

enum { DEPTH_MAX = 250 }; /* of directories: whoever walks a tree keeps an fd of each */

int member_parse(const char *text, Member *ret) {
        size_t used = 0, last = 0, depth = 0;

        if (text[0] == '/')
                return -EXDEV;
        for (const char *end; *text; text = *end ? end + 1 : end) {
                size_t n = strcspn(text, "/");

                end = text + n;
                if (n == 0 || (n == 1 && text[0] == '.'))
                        continue;
                if (n == 2 && text[0] == '.' && text[1] == '.')
                        return -EXDEV;
                if (n > NAME_MAX || used + n + 2 > sizeof(ret->path) || ++depth > DEPTH_MAX)
                        return -ENAMETOOLONG;
                if (used > 0)
                        ret->path[used++] = '/';
                last = used;
                memcpy(ret->path + used, text, n);
                used += n;
        }
        ret->path[used] = '\0';
        memcpy(ret->name, ret->path + last, used - last + 1);
        memcpy(ret->parent, ret->path, last);
        ret->parent[last > 0 ? last - 1 : 0] = '\0';
        return 0;
}
