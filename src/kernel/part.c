/*
 * part.c: parting the rows of a node.
 *
 * A row costs one byte from anywhere in its column.  There is no branch on
 * what it says: a row is written to both sides, and what is wrong is written
 * over.  With AVX-512 the bits of 64 rows are looked up together, and the
 * rows of each side pushed together eight by eight.  The bytes are fetched
 * one by one: the processor's own gathering is slower.
 */
#include "kernel/part.h"

#include <stdbool.h>

/* Rows asked for ahead. */
#define AHEAD 24

static inline bool
goes_left(const uint64_t left[4], uint8_t bin)
{
	return left[bin >> 6] >> (bin & 63) & 1;
}

static int64_t
part_rows(const uint8_t *bin, const uint64_t left[4], const MlRow *row, int64_t n, MlRow *first, MlRow *last)
{
	MlRow	   *to = first;
	int64_t		i;

	for (i = 0; i < n; i++)
	{
		MlRow		r = row[i];
		bool		is_left;

		if (i + AHEAD < n)
			__builtin_prefetch(bin + row[i + AHEAD].row);
		is_left = goes_left(left, bin[r.row]);
		*to = r;
		*last = r;
		to += is_left;
		last -= !is_left;
	}
	return to - first;
}

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define WIDE __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,popcnt")))

static bool
have_wide(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
		__builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

/* Rows of a step: their bytes fill a register. */
#define STEP 64

/* Bit j: row j of the step goes left. */
static inline WIDE uint64_t
left_of_step(const uint8_t *bin, const MlRow *row, __m512i low, __m512i high)
{
	const __m512i bit_of = _mm512_set1_epi64((long long) UINT64_C(0x8040201008040201));
	uint8_t		bytes[STEP];
	__m512i		b;
	__m512i		at;
	__m512i		set;
	int			j;

	for (j = 0; j < STEP; j++)
		bytes[j] = bin[row[j].row];
	b = _mm512_loadu_si512(bytes);
	at = _mm512_and_si512(_mm512_srli_epi16(b, 3), _mm512_set1_epi8(31));
	set = _mm512_mask_shuffle_epi8(_mm512_shuffle_epi8(low, at), _mm512_cmpgt_epi8_mask(at, _mm512_set1_epi8(15)),
								   high, at);
	return _mm512_test_epi8_mask(set, _mm512_shuffle_epi8(bit_of, _mm512_and_si512(b, _mm512_set1_epi8(7))));
}

static WIDE int64_t
part_rows_wide(const uint8_t *bin, const uint64_t left[4], const MlRow *row, int64_t n, MlRow *to)
{
	const __m512i low = _mm512_broadcast_i64x2(_mm_loadu_si128((const __m128i *) left));
	const __m512i high = _mm512_broadcast_i64x2(_mm_loadu_si128((const __m128i *) (left + 2)));
	const __m512i backwards = _mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7);
	MlRow	   *first = to;
	MlRow	   *last = to + n - 1;
	int64_t		i;

	/* both sides are written eight rows wide: sixteen must be free between them */
	for (i = 0; n - i >= STEP + 8; i += STEP)
	{
		uint64_t	is_left = left_of_step(bin, row + i, low, high);
		int			j;

		for (j = 0; j < STEP; j += 8)
		{
			__m512i		r = _mm512_loadu_si512(row + i + j);
			__mmask8	eight = (__mmask8) (is_left >> j);
			int			count = __builtin_popcount(eight);

			_mm512_storeu_si512(first, _mm512_maskz_compress_epi64(eight, r));
			_mm512_storeu_si512(last - 7, _mm512_permutexvar_epi64(backwards,
																   _mm512_maskz_compress_epi64((__mmask8) ~eight, r)));
			first += count;
			last -= 8 - count;
		}
	}
	return first - to + part_rows(bin, left, row + i, n - i, first, last);
}

#else

static bool
have_wide(void)
{
	return false;
}

#define part_rows_wide(bin, left, row, n, to) 0

#endif

int64_t
ml_part_rows(const uint8_t *bin, const uint64_t left[4], const MlRow *row, int64_t n, MlRow *to)
{
	if (have_wide())
		return part_rows_wide(bin, left, row, n, to);
	return part_rows(bin, left, row, n, to, to + n - 1);
}
