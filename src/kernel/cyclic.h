/*
 * cyclic.h: sine and cosine of parts of a circle.
 */
#ifndef ML_CYCLIC_H
#define ML_CYCLIC_H

/*
 * sin and cos of 2 π x / period; x finite, period positive and finite.  The
 * remainder is taken first and is exact, so that the figures repeat to the
 * last bit after every period that numbers can express, and quarters of it
 * give exactly 0, 1 and -1.
 */
extern double ml_cyclic_sin(double x, double period);
extern double ml_cyclic_cos(double x, double period);

#endif
