package migrationlint

import "encoding/json"

// condition is a part of a WHERE clause that must be true for every row.
type condition struct {
	Kind     string     `json:"kind"`
	Operator []nameNode `json:"name"`
	Left     struct {
		Column columnRef `json:"ColumnRef"`
	} `json:"lexpr"`
	Right operand `json:"rexpr"`
	sub   *sublink
}

type operand struct {
	constant
	List *struct {
		Items []operand `json:"items"`
	} `json:"List"`
	Cast *struct {
		Arg operand `json:"arg"`
	} `json:"TypeCast"`
	Sub *sublink `json:"SubLink"`
	raw json.RawMessage
}

// UnmarshalJSON also keeps the text.
func (o *operand) UnmarshalJSON(raw []byte) error {
	type plain operand
	if err := json.Unmarshal(raw, (*plain)(o)); err != nil {
		return err
	}
	o.raw = append(json.RawMessage{}, raw...)
	return nil
}

type sublink struct {
	Kind     string     `json:"subLinkType"`
	Operator []nameNode `json:"operName"` // empty for IN
	Left     struct {
		Column columnRef `json:"ColumnRef"`
	} `json:"testexpr"`
	Select struct {
		Statement struct {
			Limit operand `json:"limitCount"`
		} `json:"SelectStmt"`
	} `json:"subselect"`
}

// conjuncts returns the conditions that AND connects.
func conjuncts(where json.RawMessage) []condition {
	var node struct {
		Bool struct {
			Operator string            `json:"boolop"`
			Args     []json.RawMessage `json:"args"`
		} `json:"BoolExpr"`
		Expression *condition `json:"A_Expr"`
		Sub        *sublink   `json:"SubLink"`
	}
	if len(where) == 0 || json.Unmarshal(where, &node) != nil {
		return nil
	}
	var all []condition
	if node.Bool.Operator == "AND_EXPR" {
		for _, arg := range node.Bool.Args {
			all = append(all, conjuncts(arg)...)
		}
	}
	if node.Expression != nil {
		all = append(all, *node.Expression)
	}
	if node.Sub != nil {
		all = append(all, condition{sub: node.Sub, Left: node.Sub.Left})
	}
	return all
}

// limited reports whether the condition is IN (SELECT ... LIMIT) or = ANY (ARRAY (SELECT ... LIMIT)), with a batch at most.
func (c condition) limited() bool {
	sub := c.sub
	if c.Kind == "AEXPR_OP_ANY" && lastOf(c.Operator) == "=" {
		sub = c.Right.Sub
	} else if c.Kind != "" {
		return false
	}
	if sub == nil || len(sub.Operator) > 0 || sub.Kind != "ANY_SUBLINK" && sub.Kind != "ARRAY_SUBLINK" {
		return false
	}
	limit := sub.Select.Statement.Limit.Const.Int.Value
	return limit > 0 && limit <= batch
}

// bounds returns the two numbers of BETWEEN. If they are something else, the distance is too great.
func (o operand) bounds() (from, to int) {
	if o.List == nil || len(o.List.Items) != 2 || !o.List.Items[0].isNumber() || !o.List.Items[1].isNumber() {
		return 0, batch + 1
	}
	return o.List.Items[0].Const.Int.Value, o.List.Items[1].Const.Int.Value
}

func (o operand) isNumber() bool {
	var number struct {
		Const struct {
			Int *struct{} `json:"ival"`
		} `json:"A_Const"`
	}
	return json.Unmarshal(o.raw, &number) == nil && number.Const.Int != nil
}

// constant reports whether the right side is one constant, or a list of them that is not longer than a batch.
func (c condition) constant() bool { return c.Right.isConstant() }

func (o operand) isConstant() bool {
	if o.List == nil {
		var value struct {
			Const json.RawMessage `json:"A_Const"`
		}
		if o.Cast != nil {
			return o.Cast.Arg.isConstant()
		}
		return json.Unmarshal(o.raw, &value) == nil && value.Const != nil
	}
	for _, item := range o.List.Items {
		if item.List != nil || !item.isConstant() {
			return false
		}
	}
	return len(o.List.Items) <= batch
}
