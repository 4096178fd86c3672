/* SPDX-License-Identifier: MPL-2.0 */
/* los/arguments.h: the words of an image, from the configuration and from the command line. */
#include <criterion/criterion.h>
#include <los/arguments.h>
#include <string.h>

static struct arguments arguments;

static void line(const char *text)
{
    strcpy(los_test_start.command_line, text);
    los_test_start.config_bytes = 0;
    arguments_read(&arguments);
}

Test(arguments, of_the_line_are_split_at_blanks_once_decoded)
{
    line("quiet args=one%20%20t%25o%0Athree libos=pager");
    cr_assert_eq(arguments.count, 3);
    cr_assert_str_eq(arguments.word[0], "one");
    cr_assert_str_eq(arguments.word[1], "t%o");
    cr_assert_str_eq(arguments.word[2], "three");
}

Test(arguments, of_the_line_may_be_missing_or_cut_short)
{
    line("quiet cmdargs=one");
    cr_assert_eq(arguments.count, 0);
    line("args=");
    cr_assert_eq(arguments.count, 0);
    line("args=a%");
    cr_assert_str_eq(arguments.word[0], "a%");
    line("args=a%4");
    cr_assert_str_eq(arguments.word[0], "a%4");
    line("args=%g1");
    cr_assert_str_eq(arguments.word[0], "%g1");
}

Test(arguments, of_the_configuration_keep_their_order)
{
    static const char strings[] = "name=x\0args=one two\0env=args=no\0args=three\0args=";
    memset(&arguments, 0, sizeof arguments);
    arguments_from_configuration(&arguments, strings, strings + sizeof strings);
    arguments.text[arguments.length] = 0;
    cr_assert_str_eq(arguments.text, "one two three  ");
}

Test(arguments, are_at_most_so_many_and_so_long)
{
    static char text[ARGUMENTS_TEXT + 64];
    memset(&arguments, 0, sizeof arguments);
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "args=", 5);
    arguments_from_configuration(&arguments, text, text + sizeof text);
    cr_assert_eq(arguments.length, ARGUMENTS_TEXT - 1);
    char *at = stpcpy(los_test_start.command_line, "args=");
    for (unsigned i = 0; i < ARGUMENTS_MOST + 9; i++)
        at = stpcpy(at, "a%20");
    los_test_start.config_bytes = 0;
    arguments_read(&arguments);
    cr_assert_eq(arguments.count, ARGUMENTS_MOST);
}

Test(arguments, numbers_are_whole_and_in_range)
{
    uint64_t value = 7;
    cr_assert_eq(arguments_number("pages=12", "pages=", 1, 12, &value), 1);
    cr_assert_eq(value, 12);
    cr_assert_eq(arguments_number("pages=12", "frames=", 1, 12, &value), 0);
    const char *const wrong[] = {"pages=",   "pages=13", "pages=0",
                                 "pages=1x", "pages=-1", "pages=18446744073709551617"};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_assert_eq(arguments_number(wrong[i], "pages=", 1, 12, &value), -1, "%s", wrong[i]);
    cr_assert_eq(value, 12);
    cr_assert_eq(arguments_number("n=18446744073709551617", "n=", 0, UINT64_MAX, &value), -1);
}
