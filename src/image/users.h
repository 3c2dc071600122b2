/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The owners of the files in a user's store. With subordinate ids, files keep their ids: those of root are the user's,
 * and those of id 1 and more belong to the subordinate ids, as with PrivateUsers=subordinate. Otherwise, all files are
 * the user's own. A store is of one kind, which is recorded when its first layer is added. */

#include "image/store.h"
#include "util/report.h"

/* A user's store that has no layers yet gets its kind here. If it keeps ids, makes this process root of a user
 * namespace with them, so that it can read, make and remove such files. add: layers are about to be added; otherwise
 * an empty store stays undecided. The store must be locked, except by a caller that only reads. Sets store->users.
 * Returns 0 or -errno, reported. */
int store_users_enter(Store *store, bool add, Report *report);
