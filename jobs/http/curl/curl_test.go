package curl

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestParse: commands as browsers copy them and manuals show them.
func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Command
	}{
		"plain": {`curl https://api.example.com/users`, Command{URL: "https://api.example.com/users"}},
		"chrome": {
			"curl 'https://shop.example.com/api/cart?x=1&y=2' \\\n  -H 'accept: application/json' \\\n  -H 'content-type: application/json' \\\n  -b 'sid=abc; theme=dark' \\\n  -H 'origin: https://shop.example.com' \\\n  --data-raw $'{\"note\":\"it\\'s \\u00fc\\n\",\"n\":100%}' \\\n  --compressed ;",
			Command{URL: "https://shop.example.com/api/cart?x=1&y=2", Headers: []string{"accept: application/json", "content-type: application/json", "Cookie: sid=abc; theme=dark", "origin: https://shop.example.com"}, Data: []Data{{Raw, "{\"note\":\"it's ü\n\",\"n\":100%}"}}},
		},
		"firefox": {
			`curl 'https://www.example.com/search' --compressed -X POST -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' -H 'Connection: keep-alive' -H 'Content-Length: 3' --data-raw 'q=a'`,
			Command{URL: "https://www.example.com/search", Method: "POST", Headers: []string{"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}, Data: []Data{{Raw, "q=a"}}, Notes: []string{"the header Connection is left out: it follows from the request", "the header Content-Length is left out: it follows from the request"}},
		},
		"safari": {"curl 'https://www.example.com/' \\\n-X 'GET' \\\n-H 'Accept: */*' \\\n-H 'Host: www.example.com'", Command{URL: "https://www.example.com/", Method: "GET", Headers: []string{"Accept: */*"}, Notes: []string{"the header Host is left out: it follows from the request"}}},
		"stripe": {
			"curl https://api.stripe.com/v1/charges \\\n  -u \"sk_test_4eC39HqLyjWDarjtT1zdp7dc:\" \\\n  -d amount=2000 \\\n  -d currency=usd \\\n  -d source=tok_visa \\\n  -d \"metadata[order_id]\"={order}",
			Command{URL: "https://api.stripe.com/v1/charges", User: "sk_test_4eC39HqLyjWDarjtT1zdp7dc:", Data: []Data{{Plain, "amount=2000"}, {Plain, "currency=usd"}, {Plain, "source=tok_visa"}, {Plain, "metadata[order_id]={order}"}}},
		},
		"github": {
			"curl -L \\\n  -X POST \\\n  -H \"Accept: application/vnd.github+json\" \\\n  -H \"Authorization: Bearer $GITHUB_TOKEN\" \\\n  -H \"X-GitHub-Api-Version: 2022-11-28\" \\\n  https://api.github.com/repos/OWNER/REPO/issues \\\n  -d '{\"title\":\"Found a bug\",\"labels\":[\"bug\"]}'",
			Command{URL: "https://api.github.com/repos/OWNER/REPO/issues", Method: "POST", Follow: true, Headers: []string{"Accept: application/vnd.github+json", "Authorization: Bearer {secret:GITHUB_TOKEN}", "X-GitHub-Api-Version: 2022-11-28"}, Data: []Data{{Plain, `{"title":"Found a bug","labels":["bug"]}`}}, Variables: []string{"GITHUB_TOKEN"}},
		},
		"openai": {
			"$ curl https://api.openai.com/v1/responses \\\r\n  -H \"Content-Type: application/json\" \\\r\n  -H \"Authorization: Bearer ${OPENAI_API_KEY}\" \\\r\n  -d '{\r\n    \"model\": \"gpt\"\r\n  }'",
			Command{URL: "https://api.openai.com/v1/responses", Headers: []string{"Content-Type: application/json", "Authorization: Bearer {secret:OPENAI_API_KEY}"}, Data: []Data{{Plain, "{\n    \"model\": \"gpt\"\n  }"}}, Variables: []string{"OPENAI_API_KEY"}},
		},
		"openai files": {`curl https://api.openai.com/v1/files -H "Authorization: Bearer $K" -F purpose="fine-tune" -F file="@mydata.jsonl"`, Command{URL: "https://api.openai.com/v1/files", Headers: []string{"Authorization: Bearer {secret:K}"}, Form: []string{"purpose=fine-tune", "file=@mydata.jsonl"}, Variables: []string{"K"}}},
		"twilio": {
			`curl -X POST "https://api.twilio.com/2010-04-01/Accounts/$SID/Messages.json" --data-urlencode "Body=Hi there" --data-urlencode "From=+15017122661" -u $SID:$AUTH`,
			Command{URL: "https://api.twilio.com/2010-04-01/Accounts/{secret:SID}/Messages.json", Method: "POST", Data: []Data{{URLEncode, "Body=Hi there"}, {URLEncode, "From=+15017122661"}}, User: "{secret:SID}:{secret:AUTH}", Variables: []string{"AUTH", "SID"}},
		},
		"short": {`/usr/bin/curl -sSLG -Xget -HA:b -d a=1 -m3 -x p:1 -- example.com/x`, Command{URL: "http://example.com/x", Method: "get", Headers: []string{"A:b"}, Data: []Data{{Plain, "a=1"}}, Get: true, Follow: true, MaxTime: "3", Proxy: "p:1"}},
		"words": {`curl "https://x/a\"b\\c\$d" a\ b=` + "\\\n" + `c`, Command{}},
		"json": {
			`curl --json '{"a": "it'\''s"}' --url https://x/ --http2 --no-buffer --cacert ca.pem -E c.pem --key k.pem --resolve x:443:127.0.0.1 --connect-timeout=2 --max-redirs 3 -I --form-string a=@b -A me -e from --oauth2-bearer t -b a=b`,
			Command{URL: "https://x/", JSON: []string{`{"a": "it's"}`}, CACert: "ca.pem", Cert: "c.pem", Key: "k.pem", Resolve: []string{"x:443:127.0.0.1"}, Connect: "2", MaxRedirs: "3", Head: true, Strings: []string{"a=@b"}, Headers: []string{"User-Agent: me", "Referer: from", "Authorization: Bearer t", "Cookie: a=b"}},
		},
	} {
		got, err := Parse(c.text)
		if name == "words" {
			if err == nil || !strings.Contains(err.Error(), "two URLs") || !strings.Contains(err.Error(), `a\"b\\c$d`) || !strings.Contains(err.Error(), "a b=c") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", name, err, got, c.want)
		}
	}
}

// TestRefuses: what cannot be done is said by name.
func TestRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"": "no command", "wget https://x/": "not curl", "curl": "no URL", "curl https://x/ https://y/": "two URLs", "curl https://x/ | jq .a": "--column", "curl https://x/ > out": "redirected", "curl https://x/; rm x": "2 commands", "A=b curl https://x/": "--secret",
		"curl https://x/?a=1&b=2": "commands", "curl 'https://x/": "no command of a shell", "curl -H": "cut off", "curl --frobnicate https://x/": "--frobnicate", "curl -sY https://x/": "-Y", "curl -k https://x/": "--cacert", "curl -o f https://x/": "--save", "curl -c jar https://x/": "session", "curl -b jar https://x/": "session",
		"curl --retry 3 https://x/": "--retries", "curl -H @h https://x/": "-H", "curl $(cat u)": "computed", "curl ${A:-b}": "changed", "curl \"https://x/\" ^\n -H ^\"a: b^\"": "Windows", "curl --url ^\"https://x/^\"": "Windows", "Invoke-WebRequest -Uri x": "Windows", "curl --aws-sigv4 aws:amz https://x/": "signed", "curl --digest https://x/": "basic", "curl -T f https://x/": "--body-file", "curl --get=1 https://x/": "takes no value", "curl --http3 https://x/": "HTTP/2", "curl --next https://x/": "one request",
	} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

// TestTables: every letter stands for an option that there is.
func TestTables(t *testing.T) {
	for letter, name := range shorts() {
		if _, ok := options()[name]; !ok {
			t.Errorf("-%c: there is no --%s", letter, name)
		}
	}
}

// FuzzParse: no text makes it stumble, what is taken has a URL, and words in single quotes come back as
// they are.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"curl https://x/", "curl 'a' $'\\n' \"$B\"", "curl -", "curl --", "curl \\", "$ curl x", "curl {a,b}", "curl <(x)", "curl ~ * ?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := Parse(text); err == nil && c.URL == "" {
			t.Errorf("%q: %+v", text, c)
		}
		if strings.ContainsAny(text, "\x00\r^`") || text != strings.ToValidUTF8(text, "") {
			return
		}
		quoted := "curl '" + strings.ReplaceAll(text, "'", `'\''`) + "' x"
		if words, _, err := split(quoted); err != nil || !slices.Equal(words, []string{"curl", text, "x"}) {
			t.Errorf("%q: %q, %v", text, words, err)
		}
	})
}
