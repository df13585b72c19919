"""Classifiers that are fitted directly, from their definitions, on numbers that count: see `counting_scalars`."""

import math
from itertools import combinations


def standardised(machine, model, features):
    """[feature]: less its mean, times its inverse deviation."""
    mean, inverse = (machine.table(values.tolist()) for values in (model.mean, model.inverse_deviation))
    source, result = machine.samples(features, 4), machine.memory()
    with machine.step("standardise"):
        for i in range(len(source)):
            result[i] = (source[i] - mean[i]) * inverse[i]
    return result


def linear_model(machine, model, features):
    """A sum of products and a bias for each class; of two classes the first has a logit of 0."""
    x, logits = standardised(machine, model.standardise, features), machine.memory()
    with machine.step("linear"):
        held = [x[i] for i in range(len(x))]
        first = 1 if len(model.bias) == 2 else 0
        for k in range(first):
            logits[k] = machine.scalar(0)
        weights, biases = [machine.table(row) for row in model.weight.tolist()], machine.table(model.bias.tolist())
        for k in range(first, len(biases)):
            total = machine.scalar(0)
            for i, value in enumerate(held):
                total = total.plus_product(weights[k][i], value)
            logits[k] = total + biases[k]
    return [value.value for value in logits.values.values()]


def support_vector_machine(machine, model, features):
    """exp(2 gamma x.v - gamma |v|^2 - gamma |x|^2); a decision for each pair of classes; votes, with ties settled."""
    x, gamma = standardised(machine, model.standardise, features), float(model.gamma)
    vectors, n_classes = model.support_vectors.tolist(), len(model.n_support)
    owner = [k for k, n in enumerate(model.n_support.tolist()) for _ in range(n)]
    kernel = machine.memory()
    with machine.step("kernel"):
        held = [x[i] for i in range(len(x))]
        table = machine.table([2 * gamma, gamma])
        twice, once = table[0], table[1]
        own = machine.table([-gamma * sum(v * v for v in vector) for vector in vectors])
        square = machine.scalar(0)
        for value in held:
            square = square.plus_product(value, value)
        square = square * once
        for n, vector in enumerate(vectors):
            stored, product = machine.table(vector), machine.scalar(0)
            for i, value in enumerate(held):
                product = product.plus_product(stored[i], value)
            exponent = machine.scalar(own[n]).plus_product(twice, product) - square
            kernel[n] = exponent.exp()
    pairs = list(combinations(range(n_classes), 2))
    decisions = machine.memory()
    with machine.step("decisions"):
        duals = [machine.table(row) for row in model.dual_coefficients.tolist()]
        intercepts, sums = machine.table(model.intercepts.tolist()), {pair: machine.scalar(0) for pair in pairs}
        for n, k in enumerate(owner):
            value = kernel[n]
            for other in (j for j in range(n_classes) if j != k):
                row = other - (other > k)  # its coefficients against the other classes, in their order
                pair = (min(k, other), max(k, other))
                sums[pair] = sums[pair].plus_product(duals[row][n], value)
        for p, pair in enumerate(pairs):
            decisions[p] = sums[pair] + intercepts[p]
    logits = machine.memory()
    with machine.step("votes"):
        if n_classes == 2:
            value = decisions[0]
            logits[0], logits[1] = value, -value
        else:
            wins, totals = ([machine.scalar(0) for _ in range(n_classes)] for _ in range(2))
            for p, (i, j) in enumerate(pairs):
                value = decisions[p]
                winner = j if value < 0 else i
                wins[winner] = wins[winner] + 1
                totals[i], totals[j] = totals[i] + value, totals[j] - value
            for k, total in enumerate(totals):
                logits[k] = wins[k] + total / ((total.size() + 1) * 3)
    return [value.value for value in logits.values.values()]


def delay_polynomial(machine, model, features):
    """Powers of 2 e - 1 by Horner's rule, between the outermost angles; two masses, a logit for each sector."""
    n_classes, n_terms = len(model.share), int(model.n_terms)
    centres = [math.asin(math.sin(2 * math.pi * k / n_classes)) for k in range(n_classes)]
    angles = sorted({round(math.degrees(angle), 6) for angle in centres})
    source, lateral = machine.samples(features, 4), machine.memory()
    with machine.step("polynomial"):
        stored = machine.table(model.coefficients.tolist()[:n_terms])
        delay = machine.scalar(-1).plus_product(2, source[0])
        square = delay * delay if n_terms > 1 else None
        value = stored[n_terms - 1]
        for k in reversed(range(n_terms - 1)):
            value = machine.scalar(stored[k]).plus_product(value, square)
        lateral[0] = (delay * value).at_least(angles[0]).at_most(angles[-1])
    logits = machine.memory()
    with machine.step("sectors"):
        step = angles[1] - angles[0]
        place = machine.scalar(-angles[0] / step).plus_product(lateral[0], 1 / step)
        last = place.at_most(len(angles) - 2)
        machine.count("compare_fp32")  # its whole part
        first = math.floor(last.value)
        beyond = place - first
        least = 1e-5
        told = {first: (1 - beyond).at_least(least).log(), first + 1: beyond.at_least(least).log()}
        alike = [sum(abs(math.degrees(other) - math.degrees(one)) < 1e-6 for other in centres) for one in centres]
        side = [math.cos(2 * math.pi * k / n_classes) for k in range(n_classes)]
        shares = [1 if n == 1 else 0.5025 if ahead > 0 else 0.4975 for n, ahead in zip(alike, side, strict=True)]
        own = machine.table([math.log(share) for share in shares])
        for k, angle in enumerate(centres):
            at = min(range(len(angles)), key=lambda i: abs(angles[i] - math.degrees(angle)))
            logits[k] = machine.scalar(own[k]) + told.get(at, math.log(least))
    return [value.value for value in logits.values.values()]
