/*
 * exact_sum.c: a fixed-point number as wide as the range of a double.
 *
 * Kulisch's long accumulator ("Computer Arithmetic and Validity", 2008) in
 * limbs of 32 bits that collect carries in their upper halves.
 *
 * Symbols: x = m 2^(at - 1074) with m < 2^53; bit b of the sum is worth
 * 2^(b - 1074).
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "kernel/exact_sum.h"

#define LIMB_BITS 32
#define LIMB_MASK UINT64_C(0xffffffff)
#define SMALLEST (-1074)		/* log2 of the smallest double */
#define MAX_BITS (1024 - SMALLEST)

void
ml_exact_init(MlExactSum *s)
{
	memset(s->limb, 0, sizeof(s->limb));
	s->low = ML_EXACT_LIMBS;
	s->high = -1;
}

void
ml_exact_add(MlExactSum *s, double x)
{
	uint64_t	bits;
	uint64_t	m;
	int			at;
	int			i;
	int			shift;

	assert(x >= 0 && x <= 1.7976931348623157e308);
	if (x == 0)
		return;
	memcpy(&bits, &x, sizeof(bits));
	m = bits & ((UINT64_C(1) << 52) - 1);
	at = (int) (bits >> 52);
	if (at > 0)
	{
		m |= UINT64_C(1) << 52;
		at--;
	}
	i = at / LIMB_BITS;
	shift = at % LIMB_BITS;
	s->limb[i] += (m << shift) & LIMB_MASK;
	s->limb[i + 1] += (m >> (LIMB_BITS - shift)) & LIMB_MASK;
	s->limb[i + 2] += m >> (LIMB_BITS - shift) >> LIMB_BITS;
	if (i < s->low)
		s->low = i;
	if (i + 2 > s->high)
		s->high = i + 2;
}

/* Hands the carries on; high is then the highest limb that is not 0. */
static void
carry(MlExactSum *s)
{
	uint64_t	over = 0;
	int			i;

	for (i = s->low; i <= s->high || over > 0; i++)
	{
		assert(i < ML_EXACT_LIMBS);
		over += s->limb[i];
		s->limb[i] = over & LIMB_MASK;
		over >>= LIMB_BITS;
	}
	s->high = i - 1;
	while (s->high >= s->low && s->limb[s->high] == 0)
		s->high--;
}

double
ml_exact_take(MlExactSum *s)
{
	uint64_t	m = 0;
	int			top;			/* the highest bit that is 1 */
	int			cut;			/* the lowest bit taken */
	int			i;

	carry(s);
	if (s->high < s->low)
	{
		s->low = ML_EXACT_LIMBS;
		s->high = -1;
		return 0;
	}
	top = s->high * LIMB_BITS + 63 - __builtin_clzll(s->limb[s->high]);
	if (top >= MAX_BITS)
		return INFINITY;
	cut = top >= 52 ? top - 52 : 0;
	for (i = s->high; i >= 0 && (i + 1) * LIMB_BITS > cut; i--)
	{
		int			drop = cut - i * LIMB_BITS;

		if (drop <= 0)
		{
			m |= s->limb[i] << -drop;
			s->limb[i] = 0;
		}
		else
		{
			m |= s->limb[i] >> drop;
			s->limb[i] &= (UINT64_C(1) << drop) - 1;
		}
	}
	return ldexp((double) m, cut + SMALLEST);
}

bool
ml_exact_follows(double part, double next)
{
	int			cut = ilogb(part) - 52;

	return next < ldexp(1, cut > SMALLEST ? cut : SMALLEST);
}
