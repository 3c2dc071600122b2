/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/instance/find-word.h"

#include <limits.h>

#include "cmd/instance/find.h"
#include "cmd/instance/member.h"
#include "cmd/instance/select.h"
#include "cmd/start/policy-file.h"
#include "util/fd.h"
#include "util/parse.h"

/* The outermost instance with this process: those inside it are its payload's. */
static const Instance *find_process(const InstanceList *list, pid_t pid) {
        for (const Instance *i = list->items; i < list->items + list->n; i++) {
                _cleanup_close_ int dir = instance_open(list, i);

                if (dir >= 0 && member_is_in(pid, i->cgroup, dir))
                        return i;
        }
        return NULL;
}

const Instance *instances_find_word(InstanceList *ret, const char *word, Report *report) {
        Report silent = {};
        uint64_t pid;

        if (!endswith(word, ".scope") && !endswith(word, ".service") && policy_file_exists(word, &silent) != 0)
                return NULL;
        if (instances_find(ret, &silent) < 0)
                return NULL; /* the error is that of a policy */
        if (!instances_has(ret, word) && parse_u64_range(word, 1, INT_MAX, &pid) >= 0)
                return find_process(ret, (pid_t) pid);
        return instances_has(ret, word) ? instances_pick(ret, word, report) : NULL;
}
