// The activation of bias_act and modulated_conv: leaky ReLU, gain, clamp. Linear is
// slope 1, ReLU slope 0, and no clamp an infinite limit.
#ifndef TFDISCO_OPS_COMMON_ACTIVATION_H_
#define TFDISCO_OPS_COMMON_ACTIVATION_H_

#include <cmath>

#include "ops/common/parallel_for.h"

namespace tfdisco {

struct Activation {
  float slope;  // of negative values; at least 0
  float gain;   // at least 0
  float limit;  // of the magnitude, after the gain
};

// Selects between values that are computed anyway, so that loops become vector code.
TFDISCO_HOST_DEVICE float Factor(const Activation& act, float value) {
  return value > 0.f ? 1.f : act.slope;
}

TFDISCO_HOST_DEVICE float Activate(const Activation& act, float value) {
  const float scaled = value * Factor(act, value) * act.gain;
  const float above = scaled < -act.limit ? -act.limit : scaled;  // a NaN stays one
  return above > act.limit ? act.limit : above;
}

// The derivative of Activate where it gave `output`, which has the sign of its
// argument; 0 at the limit. It is constant around almost every value, so that the
// second derivative is 0.
TFDISCO_HOST_DEVICE float DerivativeFrom(const Activation& act, float output) {
  return Factor(act, output) * (std::fabs(output) < act.limit ? act.gain : 0.f);
}

}  // namespace tfdisco

#endif  // TFDISCO_OPS_COMMON_ACTIVATION_H_
