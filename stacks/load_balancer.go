package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	elb "github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsroute53targets"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// LoadBalancer is the only thing that the internet can reach: ports 80 and 443, or 80 alone without a domain.
type LoadBalancer struct {
	constructs.Construct
	balancer elb.ApplicationLoadBalancer
	listener elb.ApplicationListener // the one that serves users
	url      *string
}

// NewLoadBalancer makes the load balancer, and with a domain its certificate, its record and the redirect to HTTPS.
func NewLoadBalancer(scope constructs.Construct, id string, e Environment, data *DataStack) *LoadBalancer {
	this := constructs.NewConstruct(scope, jsii.String(id))
	l := &LoadBalancer{Construct: this}
	group := awsec2.NewSecurityGroup(this, jsii.String("Group"), &awsec2.SecurityGroupProps{
		Vpc: data.network.vpc, Description: jsii.String("Load balancer"), AllowAllOutbound: jsii.Bool(false),
	})
	l.balancer = elb.NewApplicationLoadBalancer(this, jsii.String("Balancer"), &elb.ApplicationLoadBalancerProps{
		Vpc:                     data.network.vpc,
		VpcSubnets:              &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC},
		InternetFacing:          jsii.Bool(true),
		SecurityGroup:           group,
		DropInvalidHeaderFields: jsii.Bool(true),
		DesyncMitigationMode:    elb.DesyncMitigationMode_STRICTEST,
		IdleTimeout:             awscdk.Duration_Seconds(jsii.Number(idleTimeout.Seconds())),
		DeletionProtection:      jsii.Bool(e.DeletionProtection),
	})
	acknowledge(group, openToUsers)
	l.logTo(data.buckets)
	if e.Domain == (Domain{}) {
		l.serveHTTP(e)
	} else {
		l.serveHTTPS(e.Domain)
	}
	return l
}

// logTo switches access logs on by the attributes themselves: the construct library's own method asks for the region,
// which is not known before deployment.
func (l *LoadBalancer) logTo(buckets *Buckets) {
	l.balancer.SetAttribute(jsii.String("access_logs.s3.enabled"), jsii.String("true"))
	l.balancer.SetAttribute(jsii.String("access_logs.s3.bucket"), buckets.logs.BucketName())
	l.balancer.SetAttribute(jsii.String("access_logs.s3.prefix"), jsii.String(loadBalancerLogs))
}

func (l *LoadBalancer) serveHTTP(e Environment) {
	awscdk.Annotations_Of(l.Construct).AddWarningV2(jsii.String("dozen:no-domain"), jsii.Sprintf(
		"environment %q serves plain HTTP: passwords and cookies cross the internet unencrypted. Set Domain, or DOZEN_DOMAIN and the hosted zone, for HTTPS.", e.Name))
	l.listener = l.balancer.AddListener(jsii.String("Http"), &elb.BaseApplicationListenerProps{
		Port: jsii.Number(80), Protocol: elb.ApplicationProtocol_HTTP, Open: jsii.Bool(true), DefaultAction: notFound(),
	})
	l.url = jsii.Sprintf("http://%s", *l.balancer.LoadBalancerDnsName())
}

func (l *LoadBalancer) serveHTTPS(d Domain) {
	zone := d.zone(l.Construct)
	l.listener = l.balancer.AddListener(jsii.String("Https"), &elb.BaseApplicationListenerProps{
		Port: jsii.Number(443), Protocol: elb.ApplicationProtocol_HTTPS, Open: jsii.Bool(true), DefaultAction: notFound(),
		SslPolicy:    elb.SslPolicy_TLS13_12_RES_PQ,
		Certificates: &[]elb.IListenerCertificate{elb.ListenerCertificate_FromCertificateManager(d.certificate(l.Construct, zone))},
	})
	l.balancer.AddRedirect(&elb.ApplicationLoadBalancerRedirectConfig{
		SourcePort: jsii.Number(80), SourceProtocol: elb.ApplicationProtocol_HTTP,
		TargetPort: jsii.Number(443), TargetProtocol: elb.ApplicationProtocol_HTTPS, Open: jsii.Bool(true),
	})
	if zone != nil {
		awsroute53.NewARecord(l.Construct, jsii.String("Record"), &awsroute53.ARecordProps{
			Zone: zone, RecordName: jsii.String(d.Name + "."),
			Target: awsroute53.RecordTarget_FromAlias(awsroute53targets.NewLoadBalancerTarget(l.balancer, nil)),
		})
	}
	l.url = jsii.Sprintf("https://%s", d.Name)
}

// zone is the hosted zone by its given id and name; nothing is looked up.
func (d Domain) zone(scope constructs.Construct) awsroute53.IHostedZone {
	if d.HostedZoneID == "" {
		return nil
	}
	return awsroute53.HostedZone_FromHostedZoneAttributes(scope, jsii.String("Zone"), &awsroute53.HostedZoneAttributes{
		HostedZoneId: jsii.String(d.HostedZoneID), ZoneName: jsii.String(d.HostedZoneName),
	})
}

func (d Domain) certificate(scope constructs.Construct, zone awsroute53.IHostedZone) awscertificatemanager.ICertificate {
	if d.CertificateARN != "" {
		return awscertificatemanager.Certificate_FromCertificateArn(scope, jsii.String("Certificate"), jsii.String(d.CertificateARN))
	}
	return awscertificatemanager.NewCertificate(scope, jsii.String("Certificate"), &awscertificatemanager.CertificateProps{
		DomainName: jsii.String(d.Name), Validation: awscertificatemanager.CertificateValidation_FromDns(zone),
	})
}

// notFound answers until web's rule takes over, so that a listener never points at nothing.
func notFound() elb.ListenerAction {
	return elb.ListenerAction_FixedResponse(jsii.Number(404), &elb.FixedResponseOptions{ContentType: jsii.String("text/plain"), MessageBody: jsii.String("Not found")})
}
