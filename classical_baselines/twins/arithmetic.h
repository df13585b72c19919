/* -- numbers: floats of 32 bits, in integers */

/* What follows rounds as a product and a sum of floats do, after every operation, and has no float in it: any device
   and any compiler gives the same bits. */

/* value / 2^shift to the nearest integer; of two that are as near, the even one. */
static int64_t trichord_divided(int64_t value, int shift)
{
    const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    uint64_t whole = size >> shift;
    if (shift > 0) {
        const uint64_t rest = size - (whole << shift);
        const uint64_t half = (uint64_t)1 << (shift - 1);
        whole += rest > half || (rest == half && whole % 2 == 1);
    }
    return value < 0 ? -(int64_t)whole : (int64_t)whole;
}

/* The nearest number of so many binary digits; a float has 24, a double 53. */
static int64_t trichord_rounded(int64_t value, int digits)
{
    const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int excess = 0;
    for (int step = 32; step > 0; step /= 2)
        if ((size >> (excess + step)) >> (digits - 1) != 0)
            excess += step;
    return excess == 0 ? value : trichord_divided(value, excess) * ((int64_t)1 << excess);
}

static uint8_t trichord_clipped(int64_t value, int levels)
{
    return (uint8_t)(value < 0 ? 0 : value > levels ? levels : value);
}

/* sum * mantissa / 2^shift as an activation. */
static uint8_t trichord_requantised(int64_t sum, int32_t mantissa, int shift, int zero, int levels)
{
    const int64_t product = trichord_rounded(trichord_rounded(sum, 24) * mantissa, 24);
    return trichord_clipped(trichord_divided(product, shift) + zero, levels);
}

/* -- convolve: layers with weights */

/* A dense layer is a convolution whose kernel is as large as its maps. */

typedef struct {
    int channels, mels, frames; /* [channel][mel][frame], one byte each */
} trichord_shape;

typedef struct {
    trichord_shape in, out;
    int groups;
    int kernel_mels, kernel_frames;
    int stride_mels, stride_frames;
    int pad_mels, pad_frames; /* places before the first mel and the first frame, where the input is its zero */
    int dilation_mels, dilation_frames;
    int in_zero, out_zero, out_levels;
    int bias_steps;          /* of a bias, to one step of a product */
    const int8_t *weights;   /* [out channel][in channel of its group][mel][frame] */
    const int32_t *biases;   /* [out channel] */
    const int32_t *mantissas; /* [out channel]; the multiplier is mantissa / 2^shift */
    const uint8_t *shifts;   /* [out channel] */
} trichord_convolution;

/* bias_steps * (sum of weight * input) + bias, for one output. */
static int64_t trichord_sum(const trichord_convolution *layer, const uint8_t *in, int channel, int mel, int frame)
{
    const int n_in = layer->in.channels / layer->groups;
    const int first = channel / (layer->out.channels / layer->groups) * n_in;
    const int8_t *weight = layer->weights + (size_t)channel * (size_t)(n_in * layer->kernel_mels * layer->kernel_frames);
    int32_t sum = 0;
    for (int i = 0; i < n_in; i++) {
        for (int k = 0; k < layer->kernel_mels; k++) {
            const int row = mel * layer->stride_mels - layer->pad_mels + k * layer->dilation_mels;
            const int inside = row >= 0 && row < layer->in.mels;
            const int start = ((first + i) * layer->in.mels + row) * layer->in.frames;
            for (int l = 0; l < layer->kernel_frames; l++, weight++) {
                const int column = frame * layer->stride_frames - layer->pad_frames + l * layer->dilation_frames;
                if (inside && column >= 0 && column < layer->in.frames)
                    sum += *weight * (in[start + column] - layer->in_zero);
            }
        }
    }
    return (int64_t)sum * layer->bias_steps + layer->biases[channel];
}

static void trichord_convolve(const trichord_convolution *layer, const uint8_t *in, uint8_t *out)
{
    for (int channel = 0; channel < layer->out.channels; channel++)
        for (int mel = 0; mel < layer->out.mels; mel++)
            for (int frame = 0; frame < layer->out.frames; frame++)
                *out++ = trichord_requantised(trichord_sum(layer, in, channel, mel, frame), layer->mantissas[channel],
                                              layer->shifts[channel], layer->out_zero, layer->out_levels);
}

/* -- add: sums of two maps */

typedef struct {
    int n, one_zero, other_zero, out_zero, out_levels;
    int64_t one_factor, other_factor; /* both in units of 2^-shift */
    int shift;
} trichord_addition;

/* `out` may be one of the two. */
static void trichord_add(const trichord_addition *layer, const uint8_t *one, const uint8_t *other, uint8_t *out)
{
    for (int i = 0; i < layer->n; i++) {
        const int64_t sum = trichord_rounded((one[i] - layer->one_zero) * layer->one_factor, 24)
                          + trichord_rounded((other[i] - layer->other_zero) * layer->other_factor, 24);
        out[i] = trichord_clipped(trichord_divided(trichord_rounded(sum, 24), layer->shift) + layer->out_zero,
                                  layer->out_levels);
    }
}

/* -- average: means of channels */

typedef struct {
    int channels, places; /* [channel][place] */
    int in_zero, out_zero, out_levels;
    int32_t mantissa; /* the multiplier of a sum is mantissa / 2^shift: the number of places is in it */
    int shift;
} trichord_mean;

static void trichord_average(const trichord_mean *layer, const uint8_t *in, uint8_t *out)
{
    for (int channel = 0; channel < layer->channels; channel++) {
        int32_t sum = 0;
        for (int place = 0; place < layer->places; place++)
            sum += *in++ - layer->in_zero;
        *out++ = trichord_requantised(sum, layer->mantissa, layer->shift, layer->out_zero, layer->out_levels);
    }
}

/* -- remember: past frames */

/* Moves the frames of a window [channel][frame] one place on, and puts the newest last. */
static void trichord_remember(uint8_t *window, int channels, int frames, const uint8_t *newest)
{
    for (int channel = 0; channel < channels; channel++) {
        for (int frame = 1; frame < frames; frame++, window++)
            window[0] = window[1];
        *window++ = *newest++;
    }
}

/* -- accumulate: means over the frames so far */

typedef struct {
    int channels, in_zero, out_zero, out_levels;
    const int32_t *mantissas; /* [number of frames - 1]: the number of frames is in a multiplier */
    const uint8_t *shifts;
} trichord_running_mean;

static void trichord_accumulate(const trichord_running_mean *layer, const uint8_t *in, int32_t *sums)
{
    for (int channel = 0; channel < layer->channels; channel++)
        sums[channel] += in[channel] - layer->in_zero;
}

static void trichord_average_so_far(const trichord_running_mean *layer, const int32_t *sums, int n_frames, uint8_t *out)
{
    for (int channel = 0; channel < layer->channels; channel++)
        out[channel] = trichord_requantised(sums[channel], layer->mantissas[n_frames - 1], layer->shifts[n_frames - 1],
                                            layer->out_zero, layer->out_levels);
}

/* -- decide: readout and decision */

static void trichord_read_out(const trichord_convolution *layer, const uint8_t *in, int32_t *logits)
{
    for (int channel = 0; channel < layer->out.channels; channel++)
        logits[channel] = (int32_t)trichord_sum(layer, in, channel, 0, 0);
}

/* The class of the largest reported logit: float(double(logit * unit)); the first one of several. */
static int trichord_decision(const int32_t *logits, const int64_t *units, int n_classes)
{
    int best = 0;
    int64_t largest = INT64_MIN;
    for (int i = 0; i < n_classes; i++) {
        const int64_t reported = trichord_rounded(trichord_rounded(logits[i] * units[i], 53), 24);
        if (reported > largest) {
            largest = reported;
            best = i;
        }
    }
    return best;
}
