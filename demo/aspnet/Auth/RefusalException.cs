using System.Diagnostics.CodeAnalysis;

namespace HubshareDemo.Auth;

/// <summary>Carries a refusal to where it is answered.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "There is none without a refusal")]
public sealed class RefusalException(Refusal refusal) : Exception(refusal.Message)
{
    public Refusal Refusal => refusal;
}
