package billing

import (
	"brood/jobs"
	"brood/jobs/billing/approve"
	"brood/jobs/billing/plan"
	"context"
	"errors"
	"fmt"
	"os"
)

// checkApproval sees that a second person has signed the plan, if it asks for that or a signature is given. It returns who.
func checkApproval(o jobs.Options, h *plan.Header, hash string) (string, error) {
	file := o.String("approve-by")
	if file == "" {
		if h.Settings.Approval.Required {
			return "", errors.New("the plan asks for the signature of a second person: give it with --approve-by FILE; it is made with: echo " + hash + " | ssh-keygen -Y sign -f KEY -n " + approve.Namespace + " > FILE")
		}
		return "", nil
	}
	signature, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--approve-by: %w", err)
	}
	ctx := context.Background()
	a, err := approve.Verify(ctx, approve.Request{Hash: hash, Signers: h.Settings.Approval.Signers, Signature: signature, Operator: approve.Me(ctx, o.String("operator"))})
	if err != nil {
		return "", fmt.Errorf("--approve-by %s: %w", file, err)
	}
	return a.String(), nil
}
