package command

import "testing"

// TestKeptArgs: a command line is kept with its files, names and places for secrets, and not with
// what may be one.
func TestKeptArgs(t *testing.T) {
	for _, args := range [][]string{
		{"run", "email", "--transport", "smtp://ann@mail.example.com:587", "--password-file", "/etc/pw", "people.csv"},
		{"run", "http", "--secret", "TOKEN", "-H", "Authorization: Bearer {secret:TOKEN}", "--url", "https://h/{id}"},
		{"run", "http", "--secret", "OTHER_TOKEN=/etc/other", "--secret=TOKEN=/etc/token", "-u", "me:{secret:TOKEN}", "--url=https://h:8080/a@b"},
		{"run", "http", "--basic=me:{secret:TOKEN}", "--oauth2-secret=TOKEN", "--oauth2-token-url=https://h/token"},
		{"run", "http", "--from-curl", `curl -H "Authorization: Bearer $TOKEN" https://h`},
		{"run", "exec", "--key", "id", "--rate-by", "domain(email)=5/s,gmail.com=20/s", "a", "--", "cp", "{}", "b"},
		{"run", "exec", "postgres://ann@db/shop?table=jobs"},
	} {
		if keptArgs(args) == nil {
			t.Errorf("%q is not kept", args)
		}
	}
	for _, arg := range []string{
		"smtp://ann:geheim@mail.example.com", "--proxy=http://u:p@proxy:3128", "--query=postgres://u:p@db/x",
		"-H=Authorization: Bearer abcdef", "Authorization: Basic YWJj", "X-Api-Key: 4711", "--env=DB_PASSWORD=geheim", "DB_TOKEN=x",
		"Cookie: a=b", "curl -u me:geheim https://h", "curl --user me:geheim https://h", "-ume:geheim", "password=geheim", `{"password": "geheim"}`,
	} {
		if keptArgs([]string{"run", "http", "-H", arg}) != nil {
			t.Errorf("%q is kept", arg)
		}
	}
	if keptArgs([]string{"run", "http", "-u", "me:geheim"}) != nil || keptArgs([]string{"run", "http", "--basic=me:geheim"}) != nil {
		t.Error("a password behind -u is kept")
	}
}
