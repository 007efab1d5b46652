// A worker for "brood run pipe": the column "name", or the first one, in
// capitals, and its length in characters.
const lines = require('node:readline').createInterface({ input: process.stdin });

lines.on('line', (line) => {
  const request = JSON.parse(line);
  const text = String(request.record.name ?? Object.values(request.record)[0]);
  console.log(JSON.stringify({
    id: request.id,
    status: 'ok',
    result: { upper: text.toUpperCase(), length: [...text].length },
  }));
});
