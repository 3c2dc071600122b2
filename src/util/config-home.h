/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* Finds a user's directory of configuration: config_home/isorun/NAME, or home/.config/isorun/NAME if config_home
 * ($XDG_CONFIG_HOME) is NULL or relative. Both may be NULL. *ret is on the heap. It is NULL if there is no such place,
 * or if it must not be used: the user cannot reach it, or it belongs neither to uid nor to root. That happens where
 * $HOME is another user's (su -m, sudo -E). A directory that does not exist is returned. Returns 0 or -ENOMEM. */
int config_home_find(const char *config_home, const char *home, uid_t uid, const char *name, char **ret);
