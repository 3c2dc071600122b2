/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/systemd.h"

#include <stddef.h>

const SystemdRow systemd_table[_DIRECTIVE_MAX] = {
#define SYSTEMD(n, p, d, w, l) [D_##n] = { .page = p, .difference = d, .way = SYSTEMD_##w, .lost = l },
#include "policy/systemd.inc"
#undef SYSTEMD
};

/* /dev/mqueue and /dev/hugepages are what PrivateDevices= of systemd leaves of the host's. */
const char *const systemd_hidden[] = { "/boot", "/sys", "/proc/keys", "/dev/mqueue", "/dev/hugepages", NULL };
