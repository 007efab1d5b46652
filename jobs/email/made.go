package email

import "brood/jobs/email/htmltext"

// madeText is the text of a message that has only HTML, made of it. It is nothing where there is
// none to be made, or none is wanted. Messages that are all the same have it made once.
func (c *composer) madeText(html string) string {
	if !c.MakeText {
		return ""
	}
	c.madeMu.Lock()
	of, made := c.madeOf, c.made
	c.madeMu.Unlock()
	if of == html {
		return made
	}
	made = htmltext.Of(html)
	c.madeMu.Lock()
	c.madeOf, c.made = html, made
	c.madeMu.Unlock()
	return made
}
