// Makes countries.txt of the countries of package account and of CLDR's names, as ICU has them:
//	node testdata/countries.mjs ../account/country.go > countries.txt
import { readFileSync } from "node:fs";

const codes = readFileSync(process.argv[2], "utf8").match(/const countries = "([A-Z ]+)"/)[1].trim().split(/ +/);
// In the order of Languages; of Portuguese that of Portugal, whose words the invoices have.
const names = ["en", "de", "fr", "es", "it", "nl", "pl", "pt-PT"].map((tag) => new Intl.DisplayNames([tag], { type: "region", fallback: "none" }));
// Where the long name has more in it than an address wants.
const short = ["en", "de", "fr", "es", "it", "nl", "pl", "pt-PT"].map((tag) => new Intl.DisplayNames([tag], { type: "region", fallback: "none", style: "short" }));
const inShort = ["HK", "MM", "MO", "PS"];
console.log(`# Names of countries in the languages of Languages, from CLDR ${process.versions.cldr} by testdata/countries.mjs. Licence: countries.LICENSE`);
for (const code of codes) {
	console.log([code, ...(inShort.includes(code) ? short : names).map((n) => n.of(code).normalize("NFC"))].join("\t"));
}
