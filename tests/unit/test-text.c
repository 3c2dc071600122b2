/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fail-memory.h"
#include "helper.h"
#include "util/sha256.h"
#include "util/text.h"

static void test_format(_unused_ void **state) {
        _cleanup_free_ char *text = format("%s-%04x", "web", 0x2a), *empty = format("%s", "");

        expect_text("with a number", text, "web-002a");
        expect_text("nothing", empty, "");

        memory_fail(1);
        assert_null(format("%s", "web"));
        assert_true(memory_failed());
}

/* Writes n bytes in pieces, some larger than stdio's buffer. */
static char *write_bytes(size_t n) {
        _cleanup_text_ Text text = {};

        if (text_open(&text) < 0)
                return NULL;
        for (size_t i = 0; i < n; i++)
                if (i % 1000 == 0 && n - i >= 1000) {
                        fprintf(text.f, "%01000d", 0);
                        i += 999;
                } else
                        fputc('x', text.f);
        return text_finish(&text);
}

static void test_pieces(_unused_ void **state) {
        static const size_t sizes[] = { 0, 1, 62, 63, 64, 65, 999, 1001, 8192, 100001 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_free_ char *bytes = write_bytes(sizes[i]);

                assert_non_null(bytes);
                expect_number("length", strlen(bytes), sizes[i]);
                expect_number("zeros", strspn(bytes, "0"), sizes[i] / 1000 * 1000);
        }
}

static void test_so_far(_unused_ void **state) {
        _cleanup_text_ Text text = {};

        assert_int_equal(text_open(&text), 0);
        expect_text("at first", text_so_far(&text), "");
        fputs("one", text.f);
        expect_text("a piece", text_so_far(&text), "one");
        fputs(" two", text.f);
        expect_text("and more", text_so_far(&text), "one two");
        expect_number("size", text.size, strlen("one two"));
}

/* A text is complete, or NULL. */
static void test_no_memory(_unused_ void **state) {
        size_t n = 0;
        bool failed;

        do {
                _cleanup_free_ char *bytes = NULL;

                memory_fail(++n);
                bytes = write_bytes(100000);
                failed = memory_failed();
                expect_number("there is a text", bytes != NULL, !failed);
                if (bytes)
                        expect_number("length", strlen(bytes), 100000);
        } while (failed);
        assert_true(n > 3);
}

/* The digests are sha256sum's of so many z. */
static void test_sha256(_unused_ void **state) {
        static const struct {
                size_t n;
                const char *hex;
        } cases[] = {
                { 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
                { 1, "594e519ae499312b29433b7dd8a97ff068defcba9755b6d5d00e84c524d67b06" },
                { 55, "5a383411d906da80612f366cb9b90ae54bcf6e7743b4117ace0884d98cd159ca" },
                { 56, "c66a5b692b9a20229733ef8b87cfec52679c86a0c0245643484c46d4dcd82afa" },
                { 63, "85021e4907c21645631d596eee989bf43c2cd56b074175d5393804dbf1744412" },
                { 64, "72996563049cc84daa2c3f31fd5c3d10770e69d6ebbb8da5b6d76db303dbae43" },
                { 65, "57685f5e43ddac1567f4d404c357c44bab70744b8b6af6009760389170c5c062" },
                { 119, "de05957e72aca438f9b0c770cb2ee7fa0e58e08eb54536478db136d54c097abb" },
                { 120, "46a063da7dc0c878899dfc50adf2558256652c05dd1afc0b1341f7608c7a4776" },
                { 1000, "950f88b09cf1d5e2cdbc5660c77dce3962265c548797950095629a0ea2daea46" },
        };
        char bytes[1000], hex[SHA256_HEX_SIZE];

        memset(bytes, 'z', sizeof(bytes));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                sha256_hex(bytes, cases[i].n, hex);
                expect_text("digest", hex, cases[i].hex);
        }
        sha256_hex("abc", 3, hex); /* FIPS 180-4 */
        expect_text("abc", hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_format),
                cmocka_unit_test(test_pieces),
                cmocka_unit_test(test_so_far),
                cmocka_unit_test(test_no_memory),
                cmocka_unit_test(test_sha256),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
