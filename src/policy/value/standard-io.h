/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Value.number of StandardInput=, StandardOutput= and StandardError=. */
typedef enum StandardIO {
        STANDARD_IO_INHERIT,
        STANDARD_IO_NULL,
        STANDARD_IO_JOURNAL,
        STANDARD_IO_FILE,
        STANDARD_IO_APPEND,
        STANDARD_IO_TRUNCATE,
} StandardIO;
