// The mutations of tests/mutations.rs, as the referee does them: steps that count, and fail in every way there is. What a
// step does is said once more in Rust there; the two must agree.

/** What a mutation gives, as it stands in the data; `steps` is the operation's own count. */
export function mutate(field, args, steps) {
  switch (field) {
    case 'bump':
      steps.count += args.by;
      return steps.count;
    case 'labels':
      return args.of ?? null;
    case 'step':
    case 'strictStep':
      return step(args.input, steps);
    default:
      throw new Error(`the referee cannot do Mutation.${field}: teach it in lib/mutations.mjs`);
  }
}

function step(input, steps) {
  for (let one = input; one; one = one.again) steps.count += one.add;
  if (input.fail === 'FIELD') return { __error: 'the step failed' };
  if (input.fail === 'NULL') return null;
  const tags = input.tags ?? null;
  return {
    count: steps.count,
    label: input.label === undefined ? 'none' : input.label,
    tags,
    strictTags: tags ?? [],
    total: steps.count,
    inner: { depth: input.fail === 'DEEP' ? null : 1 },
    strict: { depth: input.fail === 'STRICT' ? null : 2 },
    steps: Array.from({ length: Math.min(steps.count, 3) }, (_, index) => ({ depth: index })),
    article: input.articleCode ?? null,
  };
}

/** Fields of a step that do more than read their value. */
export const STEP_FIELDS = {
  'StepPayload.total': (step, { times }) => step.total * times,
};
