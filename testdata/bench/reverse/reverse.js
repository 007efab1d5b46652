// Looks up points with npm local-reverse-geocoder, and says how long it took to get ready and to
// answer. Points come on stdin, a JSON array of {latitude, longitude}; it is given the directory of the
// package and one that has cities500/cities500.txt. Started by main.go.
'use strict';

const geocoder = require(process.argv[2]);
const points = JSON.parse(require('fs').readFileSync(0));
const load = { admin1: false, admin2: false, admin3And4: false, alternateNames: false };
const start = process.hrtime.bigint();

geocoder.init({ dumpDirectory: process.argv[3], citiesFileOverride: 'cities500', load }, () => {
	const ready = process.hrtime.bigint();
	geocoder.lookUp(points, 1, (err, found) => {
		if (err) throw err;
		const done = process.hrtime.bigint();
		const ids = found.map((f) => Number(f[0].geoNameId));
		const used = process.resourceUsage();
		console.log(JSON.stringify({
			ready: Number(ready - start) / 1e9, answered: Number(done - ready) / 1e9, ids, kib: used.maxRSS,
		}));
	});
});
