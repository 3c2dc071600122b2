/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside: brings up the loopback device of this network namespace: netdevice(7). Returns 0 or -errno. */
int network_loopback_up(void);
