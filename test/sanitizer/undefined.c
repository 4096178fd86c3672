/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What code built with -fsanitize=undefined calls when it is about to do what C leaves undefined. Each call brings a structure that begins
 * with the place in the source (GCC's libsanitizer/ubsan/ubsan_handlers.h).
 */
#include "report.h"

struct place {
    const char *file;
    uint32_t line, column;
};
struct type {
    uint16_t kind, info; /* kind 0: an integer of 2^(info >> 1) bits, signed if info is odd */
    char name[];
};
struct typed {
    struct place place;
    const struct type *type;
};
struct mismatch {
    struct place place;
    const struct type *type;
    uint8_t alignment_log, what;
};
struct bounds {
    struct place place;
    const struct type *array, *index;
};
struct shift {
    struct place place;
    const struct type *left, *right;
};

static void value(struct report *report, const struct type *type, uint64_t word)
{
    unsigned bits = 1u << (type->info >> 1);
    if (type->kind || bits > 64)
        report_hex(report, word); /* wider ones come by their address */
    else if (type->info & 1)
        report_decimal(report, (int64_t)(word << (64 - bits)) >> (64 - bits));
    else
        report_decimal(report, (int64_t)word);
}

static bool begin(struct report *report, const struct place *place, const char *what)
{
    if (!report_begin(report, (uint64_t)place))
        return false;
    report_text(report, place->file);
    report_text(report, ":");
    report_decimal(report, place->line);
    report_text(report, ": ");
    report_text(report, what);
    return true;
}

static void plain(const struct place *place, const char *what)
{
    struct report report;
    if (begin(&report, place, what))
        report_end(&report);
}

static void overflow(const struct typed *data, const char *operator, uint64_t left, uint64_t right)
{
    struct report report;
    if (!begin(&report, &data->place, "signed overflow: "))
        return;
    value(&report, data->type, left);
    report_text(&report, operator);
    value(&report, data->type, right);
    report_text(&report, " in ");
    report_text(&report, data->type->name);
    report_end(&report);
}

void __ubsan_handle_add_overflow(const struct typed *data, uint64_t left, uint64_t right);
void __ubsan_handle_sub_overflow(const struct typed *data, uint64_t left, uint64_t right);
void __ubsan_handle_mul_overflow(const struct typed *data, uint64_t left, uint64_t right);
void __ubsan_handle_divrem_overflow(const struct typed *data, uint64_t left, uint64_t right);
void __ubsan_handle_negate_overflow(const struct typed *data, uint64_t old);
void __ubsan_handle_shift_out_of_bounds(const struct shift *data, uint64_t left, uint64_t right);
void __ubsan_handle_out_of_bounds(const struct bounds *data, uint64_t index);
void __ubsan_handle_type_mismatch_v1(const struct mismatch *data, uint64_t pointer);
void __ubsan_handle_load_invalid_value(const struct typed *data, uint64_t word);
void __ubsan_handle_pointer_overflow(const struct place *place, uint64_t base, uint64_t result);
void __ubsan_handle_vla_bound_not_positive(const struct typed *data, uint64_t bound);
void __ubsan_handle_builtin_unreachable(const struct place *place);
void __ubsan_handle_missing_return(const struct place *place);
void __ubsan_handle_nonnull_arg(const struct place *place);
void __ubsan_handle_nonnull_return_v1(const struct place *attribute, const struct place *place);
void __ubsan_handle_invalid_builtin(const struct place *place);

void __ubsan_handle_add_overflow(const struct typed *data, uint64_t left, uint64_t right)
{
    overflow(data, " + ", left, right);
}
void __ubsan_handle_sub_overflow(const struct typed *data, uint64_t left, uint64_t right)
{
    overflow(data, " - ", left, right);
}
void __ubsan_handle_mul_overflow(const struct typed *data, uint64_t left, uint64_t right)
{
    overflow(data, " * ", left, right);
}
void __ubsan_handle_divrem_overflow(const struct typed *data, uint64_t left, uint64_t right)
{
    overflow(data, " / ", left, right);
}
void __ubsan_handle_negate_overflow(const struct typed *data, uint64_t old) { overflow(data, " - ", 0, old); }

void __ubsan_handle_shift_out_of_bounds(const struct shift *data, uint64_t left, uint64_t right)
{
    struct report report;
    if (!begin(&report, &data->place, "shift of "))
        return;
    value(&report, data->left, left);
    report_text(&report, " by ");
    value(&report, data->right, right);
    report_text(&report, " in ");
    report_text(&report, data->left->name);
    report_end(&report);
}

void __ubsan_handle_out_of_bounds(const struct bounds *data, uint64_t index)
{
    struct report report;
    if (!begin(&report, &data->place, "index "))
        return;
    value(&report, data->index, index);
    report_text(&report, " is out of bounds of ");
    report_text(&report, data->array->name);
    report_end(&report);
}

void __ubsan_handle_type_mismatch_v1(const struct mismatch *data, uint64_t pointer)
{
    uint64_t alignment = 1ul << data->alignment_log;
    struct report report;
    if (!begin(&report, &data->place,
               !pointer                    ? "null pointer to "
               : pointer & (alignment - 1) ? "misaligned pointer to "
                                           : "pointer to too small an object for "))
        return;
    report_text(&report, data->type->name);
    report_text(&report, ": ");
    report_hex(&report, pointer);
    report_end(&report);
}

void __ubsan_handle_load_invalid_value(const struct typed *data, uint64_t word)
{
    struct report report;
    if (!begin(&report, &data->place, "no value of "))
        return;
    report_text(&report, data->type->name);
    report_text(&report, ": ");
    report_hex(&report, word);
    report_end(&report);
}

void __ubsan_handle_pointer_overflow(const struct place *place, uint64_t base, uint64_t result)
{
    struct report report;
    if (!begin(&report, place, "pointer arithmetic from "))
        return;
    report_hex(&report, base);
    report_text(&report, " to ");
    report_hex(&report, result);
    report_end(&report);
}

void __ubsan_handle_vla_bound_not_positive(const struct typed *data, uint64_t bound)
{
    (void)bound;
    plain(&data->place, "array without elements");
}
void __ubsan_handle_builtin_unreachable(const struct place *place)
{
    plain(place, "unreachable code is reached");
}
void __ubsan_handle_missing_return(const struct place *place) { plain(place, "no value is returned"); }
void __ubsan_handle_nonnull_arg(const struct place *place) { plain(place, "null argument"); }
void __ubsan_handle_nonnull_return_v1(const struct place *attribute, const struct place *place)
{
    (void)attribute;
    plain(place, "null is returned");
}
void __ubsan_handle_invalid_builtin(const struct place *place) { plain(place, "zero for a count of zeros"); }
