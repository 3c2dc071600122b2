/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Writes the policy of isorun --record. */

#include "plan/record/write.h"

/* Writes it to the file of fd, which is empty; it stays empty if there is no policy. Paths on a file system that does
 * not answer are not in it. Sends each line that is to be shown as one packet. */
void compose(const Plan *plan, const Record *record, const RecordPeaks *peaks, int fd, int socket);
