// The loop of a worker for "brood run pipe", so that nobody writes it by hand:
//
//   import { serve, Fail } from './brood_worker.mjs';
//
//   serve(async (record) => {
//     if (!record.mail) throw new Fail('there is no address');
//     return { sent: await send(record.mail) };
//   });
//
//   brood run pipe list.csv -o out.csv --columns sent -- node that.mjs
//
// The function is called for each record, with the request (id, seq, attempt, key) behind it, and what
// it returns is the result: an object, or nothing. What it throws says what became of the record:
//
//   new Retry(why, { after: SECONDS })     try it again later
//   new Fail(why)                          it fails for good
//   new Skip(why)                          there is nothing to do
//   new Throttle(why, { after: SECONDS })  everybody is to slow down; costs no try
//   new Abort(why)                         something is wrong with all of it: stop the run
//   new Unknown(why)                       it may have been done, or not
//
// with { kind: 'word' } as a class of its own. Any other error is Unknown, with its stack in the log:
// nobody can tell how far the function has come. Brood tries such a record again where its effect
// allows that, and holds it otherwise.
//
// console.log and whatever else writes to process.stdout go to the log. What the function starts is to
// be given { stdio: ['ignore', 2, 2] }. With brood run pipe --per-worker 8 eight records are in hand at a time.
//
// One file, no dependency, Node.js 18 or newer. It speaks version 1 of the protocol: jobs/pipe.
const VERSION = '1';

// What became of a record, other than that it is ok.
export class Verdict extends Error {
  constructor(status, why = '', { after, kind, result } = {}) {
    super(why);
    Object.assign(this, { status, after, kind, result });
  }
}

const verdict = (status) => class extends Verdict {
  constructor(why, more) { super(status, why, more); }
};

export const Retry = verdict('retry');
export const Fail = verdict('failed');
export const Skip = verdict('skipped');
export const Throttle = verdict('throttle');
export const Abort = verdict('abort');
export const Unknown = verdict('unknown');

// serve answers requests until there are no more. It returns a promise of that.
export async function serve(handle) {
  const version = process.env.BROOD_PIPE ?? VERSION;
  if (version !== VERSION) {
    console.error(`brood_worker.mjs speaks version ${VERSION} of the protocol, and brood version ${version}: get the one that belongs to it`);
    process.exit(78);
  }
  const send = takeStdout();
  const inHand = new Set();
  for await (const line of lines(process.stdin)) {
    const work = ask(handle, line).then(send).finally(() => inHand.delete(work));
    inHand.add(work);
  }
  await Promise.all(inHand);
}

// takeStdout takes the way of the answers away from all that prints, and returns it.
function takeStdout() {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  process.stdout.on('error', () => process.exit(1)); // nobody hears what is said, so nothing more is begun
  return (answer) => new Promise((done) => { write(answer, done); });
}

// lines ends lines at line feeds, and at nothing else that a version of node:readline takes for an end.
async function* lines(stream) {
  stream.setEncoding('utf8');
  let rest = [];
  for await (const chunk of stream) {
    const parts = chunk.split('\n');
    while (parts.length > 1) {
      rest.push(parts.shift());
      yield rest.join('');
      rest = [];
    }
    rest.push(parts[0]);
  }
}

// ask has the function work on a request, and returns the line of the answer.
async function ask(handle, line) {
  const request = JSON.parse(line);
  const { id } = request;
  try {
    const result = await handle(request.record, request);
    return `${JSON.stringify({ id, status: 'ok', result: result ?? undefined })}\n`;
  } catch (e) {
    return `${JSON.stringify({ id, ...told(e) })}\n`;
  }
}

// told is an answer by what was thrown.
function told(e) {
  if (e instanceof Verdict) {
    return {
      status: e.status, error: e.message || undefined, class: e.kind, retry_after: e.after, result: e.result ?? undefined,
    };
  }
  console.error(e);
  return { status: 'unknown', error: String(e), class: e?.name };
}
