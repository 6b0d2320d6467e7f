// Package nag has cdk-nag check every template, and holds the findings that Dozen acknowledges, each with its reason.
package nag
