/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "convert/systemd.h"

#include <stddef.h>

#include "policy/value/value.h"

const SystemdRow systemd_table[_DIRECTIVE_MAX] = {
#define SYSTEMD(n, p, d, w, l) [D_##n] = { .page = p, .difference = d, .way = SYSTEMD_##w, .lost = l },
#include "convert/systemd.inc"
#undef SYSTEMD
};

/* With PrivateDevices= of systemd, the host's /dev/mqueue and /dev/hugepages stay visible. */
const char *const systemd_hidden[] = { "/boot", "/sys", "/proc/keys", "/dev/mqueue", "/dev/hugepages", NULL };

bool systemd_is_share(const Directive *d) {
        return d->type == &type_memory || d->type == &type_tasks || d->type == &type_cpu_quota;
}

bool systemd_is_pair(const Directive *d) {
        return d->type == &type_device_weight || d->type == &type_device_bytes || d->type == &type_device_count ||
               d->type == &type_device_allow || d->type == &type_load_credential;
}
