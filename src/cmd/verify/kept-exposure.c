/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cmd/verify/kept-exposure.h"

#include <errno.h>
#include <stdlib.h>

enum { NAME, WEIGHT, RANGE, BADNESS, DETAILS, BETTER, ORIGIN_FILE, ORIGIN_LINE };

/* Sums of this many rows of the largest weight, times 100, are far from overflowing. */
enum { ROWS_MAX = 1000, WEIGHT_MAX = 10000, RANGE_MAX = 100 };

void kept_exposure_deinit(KeptExposure *kept) {
        exposure_deinit(&kept->exposure);
        promises_deinit(&kept->promises);
        free(kept->origins);
        *kept = (KeptExposure) {};
}

static const char *text_or_null(const Promise *p, size_t i) {
        const char *text = promise_value(p, i);

        return *text ? text : NULL;
}

static int read_row(const Promise *p, ExposureRow *ret, Origin *ret_origin) {
        const uint64_t weight = promise_number_of(p, WEIGHT), range = promise_number_of(p, RANGE),
                       badness = promise_number_of(p, BADNESS), line = promise_number_of(p, ORIGIN_LINE);

        if (!promise_is(p, "exposure") || !*promise_value(p, NAME) || weight > WEIGHT_MAX || range < 1 ||
            range > RANGE_MAX || badness > range || line > INT32_MAX)
                return -EPROTO;
        *ret_origin = (Origin) { .file = text_or_null(p, ORIGIN_FILE), .line = (unsigned) line };
        *ret = (ExposureRow) { .name = promise_value(p, NAME), .weight = (unsigned) weight, .range = (unsigned) range,
                               .badness = (unsigned) badness, .details = promise_value(p, DETAILS),
                               .better = text_or_null(p, BETTER), .origin = ret_origin->file ? ret_origin : NULL };
        return 0;
}

int kept_exposure_parse(const char *text, KeptExposure *ret) {
        _cleanup_(kept_exposure_deinit) KeptExposure kept = {};
        uint64_t weights = 0;
        int r = promises_parse(text, &kept.promises);

        if (r >= 0 && kept.promises.n > ROWS_MAX)
                r = -EPROTO;
        if (r < 0)
                return r;
        kept.exposure.rows = calloc(kept.promises.n + 1, sizeof(ExposureRow));
        kept.origins = calloc(kept.promises.n + 1, sizeof(Origin));
        if (!kept.exposure.rows || !kept.origins)
                return -ENOMEM;
        for (; r >= 0 && kept.exposure.n < kept.promises.n; kept.exposure.n++) {
                const size_t i = kept.exposure.n;

                r = read_row(&kept.promises.items[i], &kept.exposure.rows[i], &kept.origins[i]);
                weights += kept.exposure.rows[i].weight;
        }
        if (r < 0 || weights == 0)
                return r < 0 ? r : -EPROTO;
        *ret = kept;
        kept = (KeptExposure) {};
        return 0;
}
